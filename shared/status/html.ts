/** Text, times and distances as the status page writes them. */
import type { Millis } from "../time/clock.ts";
import { formatDuration } from "../time/duration.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text from outside harmless, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A moment to the minute, UTC. */
export function time(at: Millis): string {
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}Z</time>`;
}

/** How far away a moment is, on either side of now. */
export function ago(at: Millis, now: Millis): string {
  const distance = formatDuration(Math.abs(now - at));
  return at > now ? `in ${distance}` : `${distance} ago`;
}
