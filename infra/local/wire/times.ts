/** Times and durations in proto3 JSON. */

/** RFC 3339 of milliseconds since the epoch. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Milliseconds of a proto3 JSON duration such as `3.5s`; undefined when absent or none. */
export function durationMilliseconds(json: unknown): number | undefined {
  const match = typeof json === "string" ? /^(-?\d+(?:\.\d{1,9})?)s$/.exec(json) : null;
  return match ? Math.round(Number(match[1]) * 1000) : undefined;
}
