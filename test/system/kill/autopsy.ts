/** What a failed run leaves behind: what was stored and not told is another fault than what never arrived. */
import { openStore } from "../../../shared/state/open.ts";
import { systemClock } from "../../../shared/time/clock.ts";

/**
 * Describes the store of a failed run.
 * @param url as in TIDEKEEPER_STORE.
 * @param lines what the functions printed.
 */
export async function autopsy(url: string, lines: readonly string[]): Promise<string> {
  const store = await openStore(url);
  const [marks, owed, slots, targets] = await Promise.all([
    store.list("events"),
    store.list("outbox"),
    store.list("slots"),
    store.list("targets"),
  ]);
  await store.close();
  const open = marks.filter(({ value }) => !value.outcome.final).map(({ value }) => value.outcome.id);
  const held = slots.map(({ value }) => value).filter(({ state }) => state !== "empty");
  const waiting = targets
    .map(({ value }) => value)
    .filter(({ requests }) => requests.some(({ answered }) => answered !== "final"))
    .map(({ name, requests, decisions, memory }) => ({
      name,
      requests,
      decisions: decisions.slice(0, 5),
      attempts: memory.attemptsAt,
    }));
  return [
    `the store has ${marks.length} events, not final: ${open.join(" ")}; owed: ${owed.map(({ id }) => id).join(" ")}`,
    `held at ${systemClock.wire()}: ${JSON.stringify(held, null, 1)}`,
    ...waiting.map((target) => JSON.stringify(target)),
    `the last lines of the functions:\n${lines.slice(-20).join("\n")}`,
  ].join("\n");
}
