/** Traffic splits: shares of 100 by deployed model id. Source: proto comments of DeployModel, UndeployModel, Endpoint. */
import { failedPrecondition, invalidField } from "../api/errors.ts";

/** Shares by deployed model id; empty, or summing to 100. */
export type TrafficSplit = Record<string, number>;

/** The key that stands for the model being deployed. */
export const newModelKey = "0";

/** Refuses a split that is neither empty nor sums to 100, or that names a model it may not. */
export function checkSplit(split: Readonly<Record<string, number>>, ids: readonly string[], field: string): void {
  const entries = Object.entries(split);
  if (entries.length === 0) return;
  const stranger = entries.find(([id]) => !ids.includes(id));
  if (stranger) throw invalidField(field, `"${stranger[0]}" is not a deployed model of the endpoint.`);
  if (entries.some(([, share]) => share < 0 || share > 100)) throw invalidField(field, "Shares lie between 0 and 100.");
  const sum = entries.reduce((total, [, share]) => total + share, 0);
  if (sum !== 100) throw invalidField(field, `The traffic split must sum to 100, not ${sum}.`);
}

/** The split without zero shares, in which "0" has become the id of the deployed model. */
export function resolveSplit(split: Readonly<Record<string, number>>, id: string): TrafficSplit {
  const resolved: TrafficSplit = {};
  for (const [key, share] of Object.entries(split)) {
    const target = key === newModelKey ? id : key;
    if (share > 0) resolved[target] = (resolved[target] ?? 0) + share;
  }
  return resolved;
}

/** The split after some models have vanished: the rest keep their proportions and sum to 100 (undocumented). */
export function withoutVanished(split: TrafficSplit, ids: readonly string[]): TrafficSplit {
  const kept = Object.entries(split).filter(([id]) => ids.includes(id));
  const sum = kept.reduce((total, [, share]) => total + share, 0);
  if (sum === 0) return {};
  const scaled = kept.map(([id, share]) => ({ id, share: Math.floor((share * 100) / sum) }));
  let rest = 100 - scaled.reduce((total, { share }) => total + share, 0);
  for (const one of scaled) if (rest-- > 0) one.share += 1;
  return Object.fromEntries(scaled.map(({ id, share }) => [id, share]));
}

/** The split of an undeploy: the given one, or what is left when the model has no traffic or is the last. */
export function splitAfterUndeploy(
  current: TrafficSplit,
  given: Readonly<Record<string, number>>,
  id: string,
  others: readonly string[],
): TrafficSplit {
  if (others.length === 0) return {};
  if (Object.keys(given).length > 0) {
    if ((given[id] ?? 0) > 0) throw invalidField("traffic_split", `It still sends traffic to "${id}".`);
    checkSplit(given, [...others, id], "traffic_split");
    return resolveSplit(given, id);
  }
  if ((current[id] ?? 0) > 0) {
    throw failedPrecondition(
      `The deployed model "${id}" still has ${current[id]} % of the traffic; give a traffic_split without it.`,
    );
  }
  return current;
}
