/** Shows scenes: redrawn in place on a terminal, as plain lines anywhere else. */
import { createLogUpdate } from "log-update";
import { hour, type Millis } from "../../../shared/time/clock.ts";
import { instant, paint, paintPhase, print, remark } from "../output.ts";
import { type NewsItem, type Paints, render, type Scene, sizeOf } from "./view.ts";

/** Where scenes are shown. */
export interface Screen {
  /** A line before there is a scene, e.g. what is being started. */
  announce(line: string): void;
  /** Something that happened; plain screens print it, terminals wait for the next scene. */
  tell(item: NewsItem): void;
  show(scene: Scene): void;
  /** Leaves the terminal as it was found, the last scene on it. */
  close(): void;
}

const tones = { plain: "reset", good: "green", bad: "red", busy: "yellow" } as const;

const paints: Paints = {
  // The phase decides the colour, the text has been padded.
  phase: (phase, text) => paintPhase(phase).replace(phase, text),
  tone: (tone, text) => (tone === "plain" ? text : paint(tones[tone], text)),
  bold: (text) => paint("bold", text),
  faint: (text) => paint("dim", text),
};

/** A terminal: the scene stays in its place. */
function terminal(): Screen {
  const draw = createLogUpdate(process.stdout);
  return {
    announce: (line) => draw(line),
    tell: () => undefined,
    show(scene) {
      const { columns = 80, rows = 24 } = process.stdout;
      draw(render(scene, { columns, rows }, paints).join("\n"));
    },
    close: () => draw.done(),
  };
}

/** A pipe or a file: a line for each thing that happens, and one an hour of world time. */
function lines(write: (line: string) => void): Screen {
  let hourShown: Millis | undefined;
  const line = (at: Millis, about: string, what: string) => write(`${instant(at)}  ${about.padEnd(10)}  ${what}`);
  return {
    announce: write,
    tell: ({ at, about, what }) => line(at, about === "" ? "-" : about, what),
    show({ now, status, bills }) {
      const present = Math.floor(now / hour);
      if (status === undefined || present === hourShown) return;
      hourShown = present;
      const states = status.targets.map((target) => {
        const size = sizeOf(
          target,
          bills.find(({ name }) => name === target.name),
        );
        return `${target.name} ${target.phase}${size === "-" ? "" : ` (${size})`}`;
      });
      line(now, "-", states.join(", "));
    },
    close: () => undefined,
  };
}

/**
 * The screen that fits.
 * @param json results go to standard output as JSON, so that what happens goes to standard error.
 */
export function openScreen(json: boolean): Screen {
  if (json) return lines(remark);
  return process.stdout.isTTY ? terminal() : lines(print);
}
