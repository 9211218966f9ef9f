/** Whether the local cloud is as quick with 10,000 resources as with 10: the same requests to two worlds, in turns. */
import { type LocalProcess, startCommand } from "../infra/local/command.ts";
import { type Bench, median, rate, timed } from "./bench.ts";
import { residentMegabytes } from "./local-start.bench.ts";

const many = 10_000;
const few = 10;
const rounds = 60;
const at = "/v1/projects/demo/locations/us-central1";
const pool = { resourcePools: [{ id: "main", machineSpec: { machineType: "n1-standard-8" }, replicaCount: "2" }] };
const container = { imageUri: "us-docker.pkg.dev/demo/jobs/train:latest" };
const job = {
  displayName: "train",
  jobSpec: {
    workerPoolSpecs: [{ machineSpec: { machineType: "n1-standard-8" }, replicaCount: "1", containerSpec: container }],
  },
};
const deployed = {
  deployedModel: {
    model: "projects/demo/locations/us-central1/models/m0",
    dedicatedResources: { machineSpec: { machineType: "g2-standard-12" }, minReplicaCount: 1 },
  },
};

/** A world with so many persistent resources, endpoints, custom jobs and models each, all of them come up. */
async function populated(count: number): Promise<LocalProcess> {
  const world = await startCommand("--no-functions", "--speed", "0");
  await rate(count, 32, async (index) => {
    await ok(world, "POST", `${at}/persistentResources?persistentResourceId=p${index}`, pool);
    await ok(world, "POST", `${at}/endpoints?endpointId=e${index}`, { displayName: `e${index}` });
    await ok(world, "POST", `${at}/customJobs`, { ...job, labels: { "local-run-seconds": "1000000" } });
    await ok(world, "POST", `${at}/models:upload`, {
      modelId: `m${index}`,
      model: { displayName: `m${index}`, containerSpec: container },
    });
  });
  await ok(world, "POST", "/clock", { advanceSeconds: 3600 });
  return world;
}

async function ok(world: LocalProcess, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await world.call(method, path, body);
  if ("error" in answer) throw new Error(`${method} ${path}: ${JSON.stringify(answer["error"])}`);
  return answer;
}

/** The requests, by name; `round` makes new ids. Each names resources that both worlds have. */
const requests: Readonly<Record<string, (world: LocalProcess, round: number) => Promise<unknown>>> = {
  GetPersistentResource: (world) => ok(world, "GET", `${at}/persistentResources/p5`),
  "ListPersistentResources, 10 a page": (world) => ok(world, "GET", `${at}/persistentResources?pageSize=10`),
  CreatePersistentResource: (world, round) =>
    ok(world, "POST", `${at}/persistentResources?persistentResourceId=new-${round}`, pool),
  UpdatePersistentResource: (world, round) =>
    ok(world, "PATCH", `${at}/persistentResources/p${round % few}?updateMask=resource_pools.replica_count`, pool),
  GetEndpoint: (world) => ok(world, "GET", `${at}/endpoints/e5`),
  "ListEndpoints, 10 a page": (world) => ok(world, "GET", `${at}/endpoints?pageSize=10`),
  CreateEndpoint: (world, round) => ok(world, "POST", `${at}/endpoints?endpointId=new-${round}`, { displayName: "n" }),
  UpdateEndpoint: (world, round) =>
    ok(world, "PATCH", `${at}/endpoints/e5?updateMask=description`, { description: `${round}` }),
  "DeployModel, settled": (world, round) => ok(world, "POST", `${at}/endpoints/e${round % few}:deployModel`, deployed),
  CreateCustomJob: (world) => ok(world, "POST", `${at}/customJobs`, job),
  "ListCustomJobs by state, 10 a page": (world) =>
    ok(world, "GET", `${at}/customJobs?pageSize=10&filter=${encodeURIComponent('state="JOB_STATE_RUNNING"')}`),
  "ListCustomJobs by a state that none has": (world) =>
    ok(world, "GET", `${at}/customJobs?pageSize=10&filter=${encodeURIComponent('state="JOB_STATE_FAILED"')}`),
  "ListEndpoints in order of name, 10 a page": (world) =>
    ok(world, "GET", `${at}/endpoints?pageSize=10&orderBy=display_name`),
  "ListEndpoints by a name that none has": (world) =>
    ok(world, "GET", `${at}/endpoints?pageSize=10&filter=${encodeURIComponent('display_name="nobody"')}`),
  "ListOperations of a resource": (world) => ok(world, "GET", `${at}/endpoints/e5/operations?pageSize=10`),
  "ListModels, 10 a page": (world) => ok(world, "GET", `${at}/models?pageSize=10`),
  DeletePersistentResource: (world, round) => ok(world, "DELETE", `${at}/persistentResources/new-${round}`),
};

/** Reads a whole list. @returns how many resources it has. */
async function wholeList(world: LocalProcess, collection: string, pageSize: number): Promise<number> {
  let total = 0;
  for (let token: unknown = ""; token !== undefined; ) {
    const page = await ok(world, "GET", `${at}/${collection}?pageSize=${pageSize}&pageToken=${token}`);
    total += ((page[collection] as unknown[] | undefined) ?? []).length;
    token = page["nextPageToken"];
  }
  return total;
}

export const bench: Bench = {
  about: `each request with ${many.toLocaleString("en-US")} resources of each kind against the same with ${few}, over REST`,
  repetitions: 1,
  async run() {
    const [small, large] = [await populated(few), await populated(many)];
    try {
      const lists = [];
      for (const pageSize of [100, 1000]) {
        let found = 0;
        const took = await timed(async () => {
          found = await wholeList(large, "persistentResources", pageSize);
        });
        if (found !== many) throw new Error(`the list has ${found} resources`);
        lists.push({ what: `list of ${many} by pages of ${pageSize}`, value: took, unit: "ms" as const });
      }
      const ratios = [];
      for (const [what, send] of Object.entries(requests)) {
        const times = { small: [] as number[], large: [] as number[] };
        for (let round = 0; round < rounds; round++) {
          times.small.push(await timed(() => send(small, round)));
          times.large.push(await timed(() => send(large, round)));
          // What a request started is over before the next one needs the same resource.
          if (round % few === few - 1) for (const world of [small, large]) await settle(world);
        }
        for (const world of [small, large]) await settle(world);
        // The first rounds are the compiler's.
        const [one, other] = [times.small, times.large].map((each) => median(each.slice(few)));
        ratios.push({ what, value: (other ?? 0) / (one ?? 1), unit: "x" as const, most: 3 });
      }
      return [...lists, ...ratios, { what: "memory then", value: residentMegabytes(large.pid), unit: "MB" as const }];
    } finally {
      await Promise.all([small.interrupt(), large.interrupt()]);
    }
  },
};

function settle(world: LocalProcess): Promise<unknown> {
  return ok(world, "POST", "/clock", { advanceSeconds: 3600 });
}
