/** What somebody else made in the place of ours is left alone, until a person says otherwise. */
import type { Story } from "../story.ts";
import type { Cloud } from "../world/cloud.ts";
import type { Memory } from "../world/memory.ts";

/** What is watched with. */
export interface ForeignParts {
  readonly cloud: Cloud;
  readonly memory: Memory;
  readonly story: Story;
  /** When the fleet was last applied. */
  readonly appliedAt: () => number;
}

/** Watches over what strangers made: while we believed to have one of our own, or otherwise than we would have made it. */
export class Foreign {
  readonly #parts: ForeignParts;
  readonly #made = new Map<string, number>();
  readonly #released = new Map<string, number>();

  constructor(parts: ForeignParts) {
    this.#parts = parts;
  }

  /**
   * A stranger has made a persistent resource. What we had deleted ourselves, and is made again equal, may be taken over.
   * @param otherwise of machines that we never ask for.
   */
  made(resource: string, otherwise: boolean): void {
    const { cloud, memory } = this.#parts;
    const { createTime } = cloud.resource(resource) ?? {};
    const known = memory.peek("targets", resource)?.memory;
    if (known?.kind !== "persistentResource" || createTime === undefined) return;
    const up = known.known !== undefined && known.sleep === undefined;
    // Where nothing is remembered, and the fleet has no spec, whatever is there is adopted as it is.
    const wanted = known.sleep !== undefined || known.creating !== undefined;
    if (up || (otherwise && wanted)) this.#made.set(`${resource}@${createTime}`, Date.parse(createTime));
  }

  /** Somebody has said that a target is to be taken as it is. */
  released(resource: string, at: number): void {
    this.#released.set(resource, at);
  }

  /** A call of ours changes a persistent resource. */
  changing(resource: string, kind: string): void {
    const { cloud, story, appliedAt } = this.#parts;
    const { createTime } = cloud.resource(resource) ?? {};
    const madeAt = this.#made.get(`${resource}@${createTime}`);
    if (madeAt === undefined) return;
    const accepted = Math.max(appliedAt(), this.#released.get(resource) ?? 0);
    if (accepted < madeAt) {
      story.violate("what others made is left alone", resource, `${kind} of what a stranger created at ${createTime}`);
    }
  }
}
