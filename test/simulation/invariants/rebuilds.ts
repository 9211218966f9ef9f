/** What we deleted is owed: it comes back as it was but for its machines, and the first machines are asked for first. */
import { isDeepStrictEqual } from "node:util";
import type { Outcome } from "../../../shared/outcomes/outcome.ts";
import type { PersistentResource } from "../../../shared/vertex/vertex.ts";
import type { Story } from "../story.ts";
import type { Cloud } from "../world/cloud.ts";
import { type Attempt, createsOnOthers } from "../world/writer-port.ts";

/** What is watched with. */
export interface RebuildsParts {
  readonly cloud: Cloud;
  readonly story: Story;
}

/** What a create sets besides the machines, of all that the people here ever set. */
const kept = ["displayName", "labels", "encryptionSpec"] as const;

/** Watches what is deleted and created again. */
export class Rebuilds {
  readonly #parts: RebuildsParts;
  /** What we deleted last, as it was then, unless somebody has put their own hand to it since. */
  readonly #deleted = new Map<string, PersistentResource>();
  /** Resources whose newest create was on other machines. */
  readonly #onOthers = new Set<string>();
  /** Of those, where it is known by now that these machines are refused. */
  readonly #refused = new Set<string>();

  constructor(parts: RebuildsParts) {
    this.#parts = parts;
  }

  /** Something that has run was deleted by us. */
  deleted(resource: PersistentResource): void {
    this.#deleted.set(resource.name, resource);
  }

  /** Somebody has made or deleted it by hand. */
  byHand(resource: string): void {
    this.#deleted.delete(resource);
  }

  /** Whether we have deleted it, and nothing has run in its place since. */
  owed(resource: string): boolean {
    return this.#deleted.has(resource) && this.#parts.cloud.resource(resource)?.startTime === undefined;
  }

  /** A create arrives. */
  creating(attempt: Attempt): void {
    const { story } = this.#parts;
    const { resource, request } = attempt;
    const was = this.#deleted.get(resource);
    const body = request["persistentResource"] as unknown as PersistentResource;
    for (const key of kept) {
      const [before, after] = [was?.[key as keyof PersistentResource], body[key as keyof PersistentResource]];
      if (was === undefined || isDeepStrictEqual(before, after)) continue;
      const text = `${key} was ${JSON.stringify(before)}, and ${JSON.stringify(after)} is created`;
      story.violate("what comes back is what was deleted", resource, text);
    }
    if (!createsOnOthers(attempt)) {
      this.#onOthers.delete(resource);
      this.#refused.delete(resource);
      return;
    }
    this.#onOthers.add(resource);
    if (this.#refused.has(resource)) {
      story.violate("the first machines get their turn", resource, "other machines, refused before, are tried again");
    }
  }

  /** An outcome has been committed: what it tells is known to us. */
  told({ phase, what, resource }: Outcome): void {
    if (resource === undefined || phase !== "alert" || !/^create failed: (quota|invalid|denied)/.test(what)) return;
    if (this.#onOthers.has(resource)) this.#refused.add(resource);
  }
}
