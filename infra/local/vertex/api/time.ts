/** Times and durations between world milliseconds and proto3 JSON. */

/** RFC 3339 timestamp of world milliseconds. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Milliseconds of a proto3 JSON duration such as `"3.5s"`; undefined when it is not one. */
export function durationMilliseconds(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d{1,9})?)s$/.exec(text);
  return match ? Math.round(Number(match[1]) * 1000) : undefined;
}
