/** The package as npm packs it: another system imports the publisher, an operator runs the command. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = process.cwd();

describe("the packed package", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidekeeper-package-"));
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, "tidekeeper"), { recursive: true });
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
    // `prepack` prints before the JSON.
    const packed = stdout.match(/"filename":\s*"([^"]+)"/)?.[1] ?? "";
    await run("tar", ["-xzf", join(folder, packed), "-C", join(modules, "tidekeeper"), "--strip-components=1"]);
    // Its dependencies are the ones of this clone: what npm would install from the same lock file.
    for (const name of await readdir(join(root, "node_modules"))) {
      if (!name.startsWith(".")) await symlink(join(root, "node_modules", name), join(modules, name));
    }
  }, 120_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(join(root, "dist"), { recursive: true, force: true });
  });

  it("gives other systems a publisher that refuses a bad event before it is sent", async () => {
    const script = `
      import { BadEvent, eventTypes, openPublisher } from "tidekeeper/events";
      const publisher = openPublisher({ project: "demo" });
      const error = await publisher.publish({ type: "scale", target: "x", replicas: 1, delta: 1 }).catch((error) => error);
      console.log(JSON.stringify({ bad: error instanceof BadEvent, why: error.why, eventTypes }));
      await publisher.close();`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
    const told = JSON.parse(stdout) as { bad: boolean; why: string; eventTypes: string[] };
    expect(told.bad).toBe(true);
    expect(told.why).toContain("either replicas or delta");
    expect(told.eventTypes).toContain("wake");
  });

  it("brings the command, running what was built", async () => {
    const command = join(folder, "node_modules/tidekeeper/infra/cli/tidekeeper.js");
    const { stdout } = await run(process.execPath, [command, "--help"], { cwd: folder });
    expect(stdout).toContain("apply");
    expect(stdout).toContain("local");
  });
});
