/** Durations as people write and read them: `90s`, `45m`, `2h30m`, `1d`. */
import { day, hour, type Millis, minute, second } from "./clock.ts";

const units = { d: day, h: hour, m: minute, s: second } as const;

/**
 * Reads a duration made of whole numbers with units, largest unit first, each at most once.
 * @returns milliseconds, or undefined for anything else (zero included: no duration here may be nothing).
 */
export function parseDuration(text: string): Millis | undefined {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text.trim());
  if (!match) return undefined;
  const [, d, h, m, s] = match;
  const total = Number(d ?? 0) * day + Number(h ?? 0) * hour + Number(m ?? 0) * minute + Number(s ?? 0) * second;
  return total > 0 ? total : undefined;
}

/** What {@link parseDuration} takes, for whoever wrote something else. */
export const durationHint = "write one like 90s, 45m, 2h30m or 1d, from 1s to 9999d";

/** Writes a duration with its two largest units, e.g. `2h 5m`, `45s`; under a second is `0s`. */
export function formatDuration(duration: Millis): string {
  let rest = Math.max(0, Math.round(duration / second)) * second;
  const parts: string[] = [];
  for (const [unit, size] of Object.entries(units)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}
