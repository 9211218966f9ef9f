/** What an error of the Pub/Sub client says, in a line: it lists every try that it made, one like the other. */

const everyTry = /\s*(?:Resolution note:|before any response was received|: Previous errors)/;
const timedOut = /^Total timeout of API \S+ exceeded (\d+) milliseconds\s*(?:retrying error (?:Error: )?)?/;

/** Why Pub/Sub did not do what it was asked to. */
export function pubsubReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [reason = message] = message.split(everyTry);
  const millis = timedOut.exec(reason)?.[1];
  if (millis === undefined) return reason;
  const last = reason.replace(timedOut, "");
  return `no success within ${Number(millis) / 1_000} s${last === "" ? "" : `: ${last}`}`;
}
