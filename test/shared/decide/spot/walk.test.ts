/**
 * Random walks: the decision drives a toy endpoint while capacity comes and goes, operations fail, other people deploy and
 * edit the split, and requests arrive. What must hold at every step is checked at every step (walker.ts).
 */
import { expect, it } from "vitest";
import { hour, minute } from "../../../../shared/time/clock.ts";
import { fc } from "../../../properties.ts";
import { deploysPerHour, office, step, Walk } from "./walker.ts";
import { onDemand, rung, spotA100, spotL4 } from "./world.ts";

const flex = rung("flex", { machineType: "a3-highgpu-8g", provisioning: "flex-start", maxRunDuration: 3 * hour });
const returnToSpot = { stableFor: 30 * minute, minSaving: 0.3, cooldown: hour, notDuring: [], zone: "UTC" };
const policies = [
  { ladder: [spotL4, spotA100, onDemand] },
  { ladder: [spotL4, spotA100, onDemand], returnToSpot },
  { ladder: [spotL4] },
  { ladder: [flex, onDemand] },
  { ladder: [spotL4, onDemand], schedule: office, returnToSpot },
];

/** More by hand: WALKS=5000 vitest run test/shared/decide/spot/walk.test.ts */
const runs = Number(process.env["WALKS"] ?? 150);

it("keeps every promise over random walks, and serves again once faults have stopped", () => {
  let deploys = 0;
  let decisions = 0;
  fc.assert(
    fc.property(fc.constantFrom(...policies), fc.array(step, { minLength: 10, maxLength: 60 }), (over, steps) => {
      const walk = new Walk({ policy: over, deploysPerHour });
      for (const one of steps) walk.take(one);
      // Quota sets rungs aside for six hours; a night may lie ahead.
      walk.calm(8 * 60);
      for (
        let tries = 0;
        tries < 80 * 60 && !["healthy", "degraded"].includes(walk.decisions.at(-1)?.rule ?? "");
        tries += 1
      ) {
        if (walk.memory.fault !== undefined) walk.take({ do: "ask", what: "release", minutes: 5 });
        for (const id of walk.made) {
          const model = walk.models.get(id);
          const min = model?.dedicatedResources?.minReplicaCount ?? 1;
          if (model !== undefined)
            walk.models.set(id, { ...model, status: { lastUpdateTime: "x", availableReplicaCount: min } });
        }
        walk.take({ do: "wait", minutes: 1 });
      }
      const last = walk.decisions.at(-1);
      expect(last?.rule, last?.why).toMatch(/healthy|degraded/);
      const mine = [...walk.models.keys()].filter((id) => walk.made.has(id));
      expect(mine).toEqual([walk.memory.serving?.deployedModelId]);
      deploys += walk.sent.length;
      decisions += walk.decisions.length;
    }),
    { numRuns: runs },
  );
  console.log(`${decisions} decisions, ${deploys} deploys`);
  expect(deploys).toBeGreaterThan(runs);
});
