/** Persistent resources: pools, bounds and sizes must fit one another and what Vertex AI takes (vertex-api.md 1.2). */
import type { Draft } from "../draft.ts";
import { type Path, quote } from "../issues.ts";
import { suggest } from "../nearest.ts";
import type { PersistentResourceInput, PoolInput } from "../schema/persistent-resource.ts";
import type { Report } from "./report.ts";

/** Checks every persistent resource. */
export function checkPersistentResources(draft: Draft, report: Report): void {
  for (const { path, value } of draft.persistentResources) {
    const { spec, restore } = value;
    if (spec !== undefined) {
      checkPools(spec.resourcePools, [...path, "spec", "resourcePools"], spec.ray !== undefined, report);
      const ids = spec.resourcePools.map(({ id }) => id);
      const head = spec.ray?.headNodeResourcePoolId;
      if (head !== undefined && !ids.includes(head)) {
        const at = [...path, "spec", "ray", "headNodeResourcePoolId"];
        report.error(at, `no pool is called ${quote(head)}`, suggest(head, ids));
      }
      if (spec.reservedIpRanges !== undefined && spec.network === undefined) {
        const at = [...path, "spec", "reservedIpRanges"];
        report.error(at, "reserved ranges belong to a network, and none is named", "add network");
      }
    }
    for (const [index, alternative] of restore.alternatives.entries()) {
      const at = [...path, "restore", "alternatives", index, "resourcePools"];
      checkPools(alternative.resourcePools, at, isRay(value) ?? true, report);
      checkSamePools(value, alternative.resourcePools, at, report);
    }
    checkScale(value, path, report);
    checkBusy(value, path, report);
    if (value.schedule === undefined && value.idle === undefined && spec === undefined) {
      const hint = "give it a schedule, idle or a spec";
      if (Object.keys(value.scale.pools).length === 0) report.warning(path, "nothing is ever done with it", hint);
    }
  }
}

/** Whether it is a Ray cluster; undefined where an existing resource is adopted and nobody said. */
function isRay(resource: PersistentResourceInput): boolean | undefined {
  return resource.spec === undefined ? undefined : resource.spec.ray !== undefined;
}

function checkPools(pools: readonly PoolInput[], path: Path, ray: boolean, report: Report): void {
  const seen = new Set<string>();
  for (const [index, pool] of pools.entries()) {
    const here = [...path, index];
    if (seen.has(pool.id)) {
      report.error([...here, "id"], `two pools are called ${quote(pool.id)}`, "give each pool its own id");
    }
    seen.add(pool.id);
    const { replicas, autoscaling } = pool;
    if (replicas === undefined && autoscaling === undefined) {
      report.error(here, "nothing says how many machines the pool has", "add replicas, or autoscaling");
    }
    if (replicas === 0 && !ray) checkZero([...here, "replicas"], report);
    if (autoscaling === undefined) continue;
    const { min, max } = autoscaling;
    if (min === 0 && !ray) checkZero([...here, "autoscaling", "min"], report);
    if (min >= max) {
      const at = [...here, "autoscaling", "min"];
      report.error(at, `min ${min} is not below max ${max}`, "Vertex AI autoscales only where min is below max");
    } else if (replicas !== undefined && (replicas < min || replicas > max)) {
      const hint = `write ${min} to ${max}, or leave replicas out`;
      report.error([...here, "replicas"], `${replicas} replicas are outside autoscaling's ${min} to ${max}`, hint);
    }
  }
}

function checkZero(path: Path, report: Report): void {
  report.error(path, "0 replicas are for Ray clusters only", "write at least 1; to switch it off use schedule or idle");
}

function checkSamePools(resource: PersistentResourceInput, pools: readonly PoolInput[], path: Path, report: Report) {
  if (resource.spec === undefined) return;
  const wanted = resource.spec.resourcePools.map(({ id }) => id);
  const given = pools.map(({ id }) => id);
  const missing = wanted.filter((id) => !given.includes(id));
  const extra = given.filter((id) => !wanted.includes(id));
  if (missing.length === 0 && extra.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.map(quote).join(", ")}`] : []),
    ...(extra.length > 0 ? [`adds ${extra.map(quote).join(", ")}`] : []),
  ];
  report.error(
    path,
    `the alternative ${parts.join(" and ")}`,
    "use the pool ids of the spec, so that sizes carry over",
  );
}

function checkScale(resource: PersistentResourceInput, path: Path, report: Report): void {
  const pools = resource.spec?.resourcePools;
  const ray = isRay(resource);
  for (const [id, { min, max }] of Object.entries(resource.scale.pools)) {
    const here = [...path, "scale", "pools", id];
    if (min > max) {
      report.error([...here, "min"], `min ${min} is above max ${max}`, "swap them, or correct one");
    }
    if (min === 0 && ray === false) checkZero([...here, "min"], report);
    if (min === 0 && ray === undefined) {
      report.warning([...here, "min"], "0 replicas work on a Ray cluster only", "write at least 1 if it is none");
    }
    if (pools === undefined) continue;
    const pool = pools.find((candidate) => candidate.id === id);
    if (pool === undefined) {
      const ids = pools.map((candidate) => candidate.id);
      report.error(here, `no pool is called ${quote(id)}`, suggest(id, ids), "key");
    } else if (pool.autoscaling !== undefined) {
      const hint = "remove it here, or remove its autoscaling";
      report.error(here, `Vertex AI itself sizes the pool ${quote(id)}`, hint, "key");
    } else if (pool.replicas !== undefined && min <= max && (pool.replicas < min || pool.replicas > max)) {
      const message = `the spec's ${pool.replicas} replicas of ${quote(id)} are outside ${min} to ${max}`;
      report.error(here, message, "widen the bounds, or change the spec", "key");
    }
  }
  if (resource.scale.strategy === "never" && Object.keys(resource.scale.pools).length > 0) {
    report.warning([...path, "scale", "pools"], "the strategy never makes no use of bounds", "remove one of the two");
  }
}

function checkBusy(resource: PersistentResourceInput, path: Path, report: Report): void {
  const { onBusy } = resource;
  if (typeof onBusy !== "object") return;
  if (onBusy.action === "skip" || onBusy.action === "cancel") {
    for (const key of ["maxWait", "then"] as const) {
      if (onBusy[key] === undefined) continue;
      const message = `${key} has no meaning with the action ${onBusy.action}`;
      report.error([...path, "onBusy", key], message, "remove it, or use wait or shrink", "key");
    }
  }
  if (resource.schedule === undefined && Object.keys(onBusy).length > 1) {
    report.warning(
      [...path, "onBusy"],
      "without a schedule no window ever ends",
      "add a schedule, or remove onBusy",
      "key",
    );
  }
}
