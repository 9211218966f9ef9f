/** Schedules: windows that size pools, and dates that contradict one another. */
import type { Draft } from "../draft.ts";
import { formatPath, type Path, quote } from "../issues.ts";
import { suggest } from "../nearest.ts";
import type { ScheduleInput } from "../schema/schedules.ts";
import type { Report } from "./report.ts";

/** The one pool that a Spot model has, for windows and scale events; its rungs bound it. */
const modelPool = "model";

/** Checks every schedule. */
export function checkSchedules(draft: Draft, report: Report): void {
  for (const [name, schedule] of draft.schedules) {
    if (schedule === undefined) continue;
    const path = ["schedules", name];
    const { note } = schedule.zone;
    if (note !== undefined) report.warning([...path, "zone"], note.message, note.hint);
    for (const [index, window] of schedule.up.entries()) {
      if ("when" in window) {
        checkSizes(draft, name, window.replicas ?? {}, [...path, "up", index, "replicas"], report);
      }
    }
    checkDates(draft, schedule, path, report);
  }
}

/** Sizes in a window must fit every resource on that schedule that has the pool. */
function checkSizes(
  draft: Draft,
  schedule: string,
  sizes: { readonly [pool: string]: number },
  path: Path,
  report: Report,
) {
  const users = draft.persistentResources.map(({ value }) => value).filter((value) => value.schedule === schedule);
  const poolsOf = ({ spec, scale }: (typeof users)[number]) => [
    ...(spec?.resourcePools ?? []).map(({ id }) => id),
    ...Object.keys(scale.pools),
  ];
  const serves = draft.spotModels.some(({ value }) => value.schedule === schedule);
  const known = [...users.flatMap(poolsOf), ...(serves ? [modelPool] : [])];
  for (const [pool, replicas] of Object.entries(sizes)) {
    const here = [...path, pool];
    if (!known.includes(pool)) {
      if (!draft.whole) continue;
      const hint = known.length > 0 ? suggest(pool, known) : "remove it, or name the pool";
      report.error(here, `no resource on this schedule has a pool ${quote(pool)}`, hint, "key");
    }
    for (const user of users) {
      if (!poolsOf(user).includes(pool)) continue;
      const bounds = user.scale.pools[pool];
      if (bounds === undefined) {
        const hint = `add ${pool} to scale.pools of ${user.name}`;
        report.error(here, `${quote(user.name)} does not allow its pool ${quote(pool)} to be scaled`, hint, "key");
      } else if (bounds.min <= bounds.max && (replicas < bounds.min || replicas > bounds.max)) {
        const hint = `stay within them, or widen scale.pools.${pool} of ${user.name}`;
        const message = `${replicas} replicas are outside the bounds ${bounds.min} to ${bounds.max} of ${quote(user.name)}`;
        report.error(here, message, hint);
      } else if (user.scale.strategy === "never") {
        const hint = `use the strategy patch or replace for ${user.name}, or remove the size`;
        report.warning(here, `${quote(user.name)} is never scaled`, hint, "key");
      }
    }
  }
}

/** Whole days that calendars both open and close: legal, kept up, and worth a second look. */
function checkDates(draft: Draft, schedule: ScheduleInput, path: Path, report: Report): void {
  const dates = schedule.calendars.flatMap((name) => {
    const calendar = draft.calendars.get(name);
    return (["closed", "open"] as const).flatMap((effect) =>
      (calendar?.[effect] ?? [])
        .filter((date) => date.from === undefined)
        .map((date, index) => ({ ...date, effect, path: ["calendars", name, effect, index] })),
    );
  });
  for (const open of dates.filter(({ effect }) => effect === "open")) {
    const closed = dates.find((date) => date.effect === "closed" && date.first <= open.last && open.first <= date.last);
    if (closed === undefined) continue;
    const message = `${open.text} is also closed (${formatPath(closed.path)}) for ${formatPath(path)}`;
    report.warning(open.path, message, "it stays up; remove one of the two");
  }
}
