/** What happened in a simulated world, in its own time, and the first rule that was broken. */
import type { Millis } from "../../shared/time/clock.ts";

interface Line {
  readonly at: Millis;
  /** Resource or event that it is about; undefined: everything. */
  readonly about: string | undefined;
  readonly text: string;
}

/** A rule that must always hold, and did not. */
export interface Violation {
  readonly at: Millis;
  /** Short name of the invariant. */
  readonly invariant: string;
  readonly text: string;
  readonly about: string | undefined;
}

/** Lines told before the violation that a short story shows. */
const shown = 40;

/** The story of one seed. */
export class Story {
  readonly #now: () => Millis;
  readonly #listen: ((line: string) => void) | undefined;
  readonly #lines: Line[] = [];
  #violation: Violation | undefined;

  /** @param listen is given every line as it is told. */
  constructor(now: () => Millis, listen?: (line: string) => void) {
    this.#now = now;
    this.#listen = listen;
  }

  /** The first violation; what follows from it is not another one. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  tell(about: string | undefined, text: string): void {
    if (this.#violation !== undefined) return;
    const line = { at: this.#now(), about, text };
    this.#lines.push(line);
    this.#listen?.(written(line));
  }

  /** Notes that an invariant is broken. It does not throw: the code under test must not be able to swallow it. */
  violate(invariant: string, about: string | undefined, text: string): void {
    if (this.#violation !== undefined) return;
    this.tell(about, `BROKEN: ${invariant}: ${text}`);
    this.#violation = { at: this.#now(), invariant, text, about };
  }

  /** The last lines that the violation is about. */
  short(): readonly string[] {
    const about = this.#violation?.about;
    const relevant = this.#lines.filter(
      (line) => about === undefined || line.about === undefined || line.about === about,
    );
    return relevant.slice(-shown).map(written);
  }
}

function written({ at, about, text }: Line): string {
  const time = new Date(at).toISOString().slice(5, 23).replace("T", " ");
  return `${time}  ${about === undefined ? "" : `[${about.split("/").slice(-1)[0]}] `}${text}`;
}
