/** `tidekeeper pause` and `resume`: nothing new starts while the fleet is paused. */
import { isDeepStrictEqual } from "node:util";
import type { Command } from "commander";
import { pauseFleet, resumeFleet } from "../../shared/state/pause.ts";
import { type CommonOptions, common } from "./command.ts";
import { withHome } from "./home.ts";
import { print, printJson, remark } from "./output.ts";
import { pausedLine } from "./paused.ts";
import { userName } from "./user.ts";

interface PauseOptions extends CommonOptions {
  readonly by: string;
  readonly note?: string;
}

/** Registers both commands. */
export function register(program: Command): void {
  const pause = program
    .command("pause")
    .option("--note <text>", "why; shown in status")
    .option("--by <name>", "who pauses it", userName())
    .summary("let nothing new start")
    .description("Ticks go on, running operations settle, outcomes are told; nothing new starts until `resume`.")
    .action(async (options: PauseOptions) => {
      const { note, by } = options;
      await withHome(async (home) => {
        const now = (await home.clock()).now();
        const noted = note === undefined ? {} : { note };
        const { paused } = await pauseFleet(home.store, { by, now, ...noted }, home.settings.storeId);
        if (paused === undefined) return;
        const already = !isDeepStrictEqual(paused, { at: now, by, ...noted });
        if (options.json) printJson({ paused, already });
        else print(pausedLine(paused, already ? "paused already" : "paused"));
        if (already && note !== undefined) {
          remark(`the note ${JSON.stringify(note)} was not taken: to change it, \`tidekeeper resume\` and pause again`);
        }
      });
    });
  common(pause, ['pause --note "migration tonight"']);

  const resume = program
    .command("resume")
    .summary("end a pause")
    .description("The next tick decides for now; nothing that was missed is replayed.")
    .action(async (options: CommonOptions) => {
      const { head, ended } = await withHome((home) => resumeFleet(home.store, home.settings.storeId));
      const already = ended === undefined;
      if (options.json) printJson({ paused: null, version: head.version, already });
      else print(already ? `version ${head.version} was not paused` : `version ${head.version} goes on`);
    });
  common(resume, ["resume"]);
}
