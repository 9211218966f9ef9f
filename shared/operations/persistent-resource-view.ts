/** What the kinds that change a persistent resource have in common. */
import type { Look } from "../decide/decision.ts";
import { classifyStatus } from "../vertex/classify.ts";
import { parseName } from "../vertex/names.ts";
import type { PersistentResource } from "../vertex/vertex.ts";
import type { Recognition, Sent } from "./kind.ts";

/** A change of one incarnation. */
interface OfIncarnation {
  readonly resource: string;
  readonly createTime: string;
}

/** Short name for texts. */
export const idOf = (name: string): string => parseName(name)?.id ?? name;

/** What a call answered that started a long-running operation. */
export const started = async (name: Promise<string>): Promise<Sent> => ({ sent: "operation", name: await name });

/**
 * The resource as it is, when it is the incarnation that was looked at: identity is name + createTime, and a call can only
 * carry the name.
 */
export function sameIncarnation(
  change: OfIncarnation,
  view: Look<PersistentResource>,
): { readonly same: PersistentResource } | { readonly other: Recognition } {
  const id = idOf(change.resource);
  if (view.look === "unknown") return { other: { seen: "unknown", why: view.why } };
  if (view.look === "absent") return { other: { seen: "impossible", class: "gone", note: `${id} does not exist` } };
  if (view.value.createTime !== change.createTime) {
    return {
      other: {
        seen: "impossible",
        class: "gone",
        note: `${id} was created anew at ${view.value.createTime ?? "an unknown time"}; the one of ${change.createTime} is gone`,
      },
    };
  }
  return { same: view.value };
}

/** {@link OperationKind.refuse} of the kinds that change one incarnation. */
export function refuseOtherIncarnation(change: OfIncarnation, view: Look<PersistentResource>): Recognition | undefined {
  const found = sameIncarnation(change, view);
  return "other" in found ? found.other : undefined;
}

/** A resource in ERROR as the failure of what was to bring it up. */
export function broken(resource: PersistentResource): Recognition {
  const error = classifyStatus(resource.error ?? {}, `${idOf(resource.name)} is in state ERROR`);
  return { seen: "impossible", class: error.class, note: error.message };
}
