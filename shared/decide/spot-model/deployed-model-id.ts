/** Ids of deployed models: chosen by us, so that a repeated DeployModel collides instead of deploying twice. */

/** FNV-1a, 32 bits: spreads target keys over the id's first half; no secrecy is needed. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}

/**
 * The id of a target's n-th deploy: ten digits, five of the target's key and five of the sequence, hence never 0 and never
 * with a leading zero (DeployedModel.id takes 1-10 digits).
 */
export function deployedModelId(targetKey: string, sequence: number): string {
  const prefix = 10_000 + (hash(targetKey) % 90_000);
  return `${prefix}${String(sequence % 100_000).padStart(5, "0")}`;
}

/** The next sequence whose id is not taken on the endpoint, e.g. by a model that an older memory of ours deployed. */
export function nextSequence(targetKey: string, sequence: number, taken: ReadonlySet<string>): number {
  let next = sequence + 1;
  while (taken.has(deployedModelId(targetKey, next))) next += 1;
  return next;
}
