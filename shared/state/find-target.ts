/** Finds the target that an event means: by the fleet's name, by its key, or by the full name of its Vertex resource. */
import type { Fleet, TargetPolicy } from "../fleet/fleet.ts";
import { suggest } from "../fleet/nearest.ts";
import { sameResource } from "../vertex/names.ts";

/** The target, or the sentence that says what was meant instead. */
export type FoundTarget =
  | { readonly found: "one"; readonly policy: TargetPolicy }
  | { readonly found: "none"; readonly why: string };

function means(policy: TargetPolicy, text: string): boolean {
  if (policy.name === text || policy.key === text) return true;
  return !text.includes("#") && sameResource(policy.key, text);
}

/** @param text as the event gives it. */
export function findTarget(fleet: Fleet, text: string): FoundTarget {
  const [policy, ...others] = fleet.targets.filter((target) => means(target, text));
  if (policy !== undefined && others.length === 0) return { found: "one", policy };
  const quoted = JSON.stringify(text.slice(0, 200));
  if (policy !== undefined) {
    const names = [policy, ...others].map(({ name }) => name).join(", ");
    return { found: "none", why: `${quoted} holds several targets of the fleet: ${names}; name one of them` };
  }
  const names = fleet.targets.map(({ name }) => name);
  // Of a resource's name that is another project's or location's, the last part may be right.
  const last = text.slice(text.lastIndexOf("/") + 1).slice(0, 200);
  const hint = names.length === 0 ? "it names no targets at all" : suggest(last, names);
  return { found: "none", why: `the fleet has no target ${quoted}; ${hint}` };
}
