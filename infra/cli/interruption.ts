/** Ctrl-C and its relatives: told as an abort signal, so that everything is stopped in order. */
import { exitCodes, Failure } from "./command.ts";

/** A signal that aborts when the process is asked to end, or when nobody reads its output any more. */
export function interruption(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, abort);
  process.stdout.on("error", abort);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of names) process.off(name, abort);
      process.stdout.off("error", abort);
    },
  };
}

/** A wait that somebody ended, not what was waited for. */
export class Interrupted extends Failure {
  override readonly name = "Interrupted";
  override readonly exitCode = exitCodes.interrupted;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
