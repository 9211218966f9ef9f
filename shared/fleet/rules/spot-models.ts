/** Spot models: ladders must lead somewhere, and what shares an endpoint must fit on it (spot.md C, vertex-api.md 3). */
import type { Draft } from "../draft.ts";
import { formatPath, type Path, quote } from "../issues.ts";
import { priceOf } from "../prices.ts";
import { rungId } from "../rung-id.ts";
import type { RungInput, SpotModelInput } from "../schema/spot-model.ts";
import { isTpu } from "./machines.ts";
import type { Report } from "./report.ts";

/** Checks every Spot model. */
export function checkSpotModels(draft: Draft, report: Report): void {
  const prices = draft.prices.map(({ value }) => value);
  for (const { path, value } of draft.spotModels) {
    const location = value.location ?? draft.location ?? "";
    const seen = new Map<string, Path>();
    for (const [index, rung] of value.ladder.entries()) {
      const here = [...path, "ladder", index];
      const id = rungId(rung, location);
      const first = seen.get(id);
      if (first !== undefined) {
        report.error(
          here,
          `this is the same rung as ${formatPath(first)}`,
          "a rung once failed is not better as the next",
        );
      } else seen.set(id, here);
      checkRung(rung, here, report);
      checkSizes(value, rung, path, here, report);
      const price = priceOf({ prices }, { ...rung, location });
      if (price !== undefined && value.maxHourlyPrice !== undefined && price > value.maxHourlyPrice) {
        const message = `it costs ${price} an hour, more than maxHourlyPrice ${value.maxHourlyPrice}, and is never deployed`;
        report.warning(here, message, "raise maxHourlyPrice, or remove the rung");
      }
    }
    const { minReplicas, maxReplicas } = value;
    if (maxReplicas !== undefined && minReplicas > maxReplicas) {
      report.error(
        [...path, "minReplicas"],
        `minReplicas ${minReplicas} is above maxReplicas ${maxReplicas}`,
        "swap them",
      );
    }
    if (value.ladder.length === 1 && value.ladder[0]?.provisioning === "flex-start") {
      const hint = "add a rung that stays, as Vertex AI takes flex-start machines back after 7 days at most";
      report.error([...path, "ladder"], "flex-start is the only rung", hint, "key");
    }
    if (value.returnToSpot !== undefined && !value.ladder.some((rung) => rung.provisioning === "spot")) {
      const hint = "remove returnToSpot, or add a Spot rung";
      report.error([...path, "returnToSpot"], "no rung of the ladder is on Spot", hint, "key");
    }
    const note = value.returnToSpot?.zone?.note;
    if (note !== undefined) {
      report.warning([...path, "returnToSpot", "zone"], note.message, note.hint);
    }
  }
  checkShares(draft, report);
}

function checkRung(rung: RungInput, path: Path, report: Report): void {
  const { provisioning } = rung;
  if (isTpu(rung.machineType) && (provisioning === "spot" || provisioning === "flex-start")) {
    const message = `${rung.machineType} is a TPU machine, which Vertex AI does not serve on ${provisioning}`;
    report.error([...path, "machineType"], message, "use provisioning on-demand or reservation, or a GPU machine");
  }
  if (provisioning === "reservation" && rung.reservation === undefined) {
    report.error(
      path,
      "the rung does not say which reservation",
      'add reservation: "projects/P/zones/Z/reservations/R"',
    );
  }
  if (provisioning !== "reservation" && rung.reservation !== undefined) {
    const hint = "write provisioning: reservation, or remove it";
    report.error([...path, "reservation"], `a reservation has no meaning with ${provisioning}`, hint, "key");
  }
  if (provisioning !== "flex-start" && rung.maxRunDuration !== undefined) {
    const hint = "write provisioning: flex-start, or remove it";
    report.error([...path, "maxRunDuration"], `maxRunDuration has no meaning with ${provisioning}`, hint, "key");
  }
}

function checkSizes(model: SpotModelInput, rung: RungInput, modelPath: Path, path: Path, report: Report): void {
  const min = rung.minReplicas ?? model.minReplicas;
  const max = rung.maxReplicas ?? (rung.minReplicas === undefined ? model.maxReplicas : undefined) ?? min;
  const own = rung.minReplicas !== undefined || rung.maxReplicas !== undefined;
  if (own && min > max) {
    const at = [...path, rung.minReplicas === undefined ? "maxReplicas" : "minReplicas"];
    report.error(
      at,
      `minReplicas ${min} is above maxReplicas ${max}`,
      `correct one; see also ${formatPath(modelPath)}`,
    );
  }
  if (rung.requiredReplicas !== undefined && rung.requiredReplicas > min) {
    const message = `requiredReplicas ${rung.requiredReplicas} is above minReplicas ${min}`;
    report.error([...path, "requiredReplicas"], message, `write at most ${min}`);
  }
}

/** Models of one endpoint share its traffic. */
function checkShares(draft: Draft, report: Report): void {
  const endpoints = new Map<string, { shares: number; names: readonly string[]; path: Path }>();
  for (const { path, value } of draft.spotModels) {
    const key = `${value.location ?? draft.location ?? ""}/${value.endpoint}`;
    const before = endpoints.get(key);
    const names = [...(before?.names ?? []), value.name];
    endpoints.set(key, { shares: (before?.shares ?? 0) + value.share, names, path });
  }
  for (const { shares, names, path } of endpoints.values()) {
    if (names.length < 2 || shares <= 100) continue;
    const message = `${names.map(quote).join(" and ")} share an endpoint, and their shares add up to ${shares} %`;
    report.error(path, message, "give each a share, 100 together at most");
  }
}
