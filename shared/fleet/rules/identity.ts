/** No two things may be one: targets by name and by Vertex resource, models on an endpoint, prices. */
import type { Draft, Placed } from "../draft.ts";
import { formatPath, type Path, quote } from "../issues.ts";
import type { Report } from "./report.ts";

/** Checks that everything is itself alone. */
export function checkIdentity(draft: Draft, report: Report): void {
  const home = (own: string | undefined) => own ?? draft.location ?? "";
  const { persistentResources, spotModels } = draft;

  const sameName = twins<{ readonly name: string }>([...persistentResources, ...spotModels], ({ name }) => name);
  for (const { path, value, first } of sameName) {
    const message = `${quote(value.name)} is already the name of ${formatPath(first)}`;
    report.error([...path, "name"], message, "give each target its own name");
  }
  const named = new Set(sameName.map(({ path }) => formatPath(path)));

  for (const { path, value, first } of twins(
    persistentResources,
    ({ id, name, location }) => `${home(location)}/${id ?? name}`,
  )) {
    // Two with one name are two with one id where no id is given: one cause.
    if (value.id === undefined && named.has(formatPath(path))) continue;
    const message = `${quote(value.id ?? value.name)} in ${home(value.location)} is already managed as ${formatPath(first)}`;
    report.error([...path, value.id === undefined ? "name" : "id"], message, "keep one target for each resource");
  }
  for (const { path, value, first } of twins(
    spotModels,
    ({ endpoint, location, displayName, name }) => `${home(location)}/${endpoint}/${displayName ?? name}`,
  )) {
    if (value.displayName === undefined && named.has(formatPath(path))) continue;
    const message = `${quote(value.displayName ?? value.name)} is already deployed at this endpoint by ${formatPath(first)}`;
    const part = value.displayName === undefined ? "name" : "displayName";
    report.error([...path, part], message, "give each model of an endpoint its own displayName");
  }
  for (const { path, first } of twins(draft.prices, ({ machineType, acceleratorType, acceleratorCount, location }) =>
    [machineType, acceleratorType, acceleratorCount, location].join("/"),
  )) {
    report.error(path, `this machine already has a price at ${formatPath(first)}`, "keep one of the two");
  }
  for (const { path, value } of draft.prices) {
    if (value.spot === undefined || value.spot <= value.onDemand) continue;
    report.warning([...path, "spot"], "Spot is dearer than on demand", "check both prices");
  }
}

/** Every later thing with the key of an earlier one. */
function twins<T>(things: readonly Placed<T>[], key: (value: T) => string): readonly (Placed<T> & { first: Path })[] {
  const seen = new Map<string, Path>();
  return things.flatMap(({ path, value }) => {
    const first = seen.get(key(value));
    if (first === undefined) seen.set(key(value), path);
    return first === undefined ? [] : [{ path, value, first }];
  });
}
