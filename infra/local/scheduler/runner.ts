/** A job in its life: waits for its firing on the world's clock, attempts, retries, notes what came of it. */
import type { Cancel, WorldClock } from "../clock/clock.ts";
import type { WireClock } from "../clock/wire-clock.ts";
import type { JsonObject } from "../wire/service.ts";
import { timestamp } from "../wire/times.ts";
import { type AttemptOptions, attempt } from "./attempt.ts";
import { backoff, type Plan, readPlan } from "./job.ts";

/** What a runner needs of the world. */
export interface RunnerOptions {
  readonly clock: WorldClock;
  readonly wire: WireClock;
  readonly publish: AttemptOptions["publish"];
}

/** One job. All times in its JSON are world times. */
export class JobRunner {
  readonly #options: RunnerOptions;
  readonly #stopped = new AbortController();
  #job: JsonObject;
  #plan: Plan;
  #cancelNext: Cancel = () => {};
  readonly #retries = new Set<Cancel>();

  /** Throws INVALID_ARGUMENT when the job cannot be read. */
  constructor(job: JsonObject, options: RunnerOptions) {
    this.#job = job;
    this.#plan = readPlan(job);
    this.#options = options;
    this.#arm();
  }

  /** E.g. `projects/P/locations/L/jobs/J`. */
  get name(): string {
    return String(this.#job["name"]);
  }

  /** The job as the API shows it. */
  get json(): JsonObject {
    return this.#job;
  }

  /** Replaces the configuration. Throws INVALID_ARGUMENT and changes nothing when it cannot be read. */
  update(job: JsonObject): void {
    this.#plan = readPlan(job);
    this.#job = job;
    this.#arm();
  }

  /** Fires now, besides the schedule; a paused job too. */
  run(): void {
    this.#fire(this.#options.clock.now());
  }

  /** Ends everything, attempts under way too. */
  stop(): void {
    this.#cancelNext();
    for (const cancel of this.#retries) cancel();
    this.#stopped.abort();
  }

  /**
   * Waits for the first firing after now. A world that jumped over several fires once.
   * A firing does not wait for an earlier one that is still being delivered: in a fast world that would lose ticks.
   */
  #arm(): void {
    this.#cancelNext();
    this.#cancelNext = () => {};
    const { scheduleTime: _stale, ...job } = this.#job;
    const next = job["state"] === "ENABLED" ? this.#plan.next(this.#options.clock.now()) : undefined;
    this.#job = next === undefined ? job : { ...job, scheduleTime: timestamp(next) };
    if (next === undefined) return;
    this.#cancelNext = this.#options.clock.at(next, () => {
      this.#arm();
      this.#fire(next);
    });
  }

  #fire(scheduled: number): void {
    void this.#attempt(scheduled, this.#options.clock.now(), 0);
  }

  async #attempt(scheduled: number, firstAttempt: number, retry: number): Promise<void> {
    const { clock, wire, publish } = this.#options;
    const plan = this.#plan;
    this.#job = { ...this.#job, lastAttemptTime: timestamp(clock.now()) };
    const status = await attempt({
      wire,
      publish,
      plan,
      jobName: this.name,
      scheduleTime: timestamp(scheduled),
      signal: this.#stopped.signal,
    });
    if (this.#stopped.signal.aborted) return;
    const { status: _earlier, ...job } = this.#job;
    this.#job = { ...job, status: status.code === 0 ? {} : { code: status.code, message: status.message } };
    if (status.code === 0 || retry >= plan.retry.count) return;
    const due = clock.now() + backoff(plan.retry, retry + 1);
    const tooLate = plan.retry.maxDuration > 0 && due > firstAttempt + plan.retry.maxDuration;
    const nextFiring = plan.next(scheduled);
    if (tooLate || (nextFiring !== undefined && due >= nextFiring)) return;
    const cancel = clock.at(due, () => {
      this.#retries.delete(cancel);
      void this.#attempt(scheduled, firstAttempt, retry + 1);
    });
    this.#retries.add(cancel);
  }
}
