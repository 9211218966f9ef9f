/** How many requests a second the local cloud answers over each door, the client in this process and the cloud in its own. */
import { EndpointServiceClient } from "@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js";
import { grpc } from "google-gax";
import { startCommand } from "../infra/local/command.ts";
import { type Bench, rate } from "./bench.ts";
import { residentMegabytes } from "./local-start.bench.ts";

const parent = "projects/demo/locations/us-central1";
const requests = 3_000;
const width = 32;

export const bench: Bench = {
  about: `GetEndpoint and CreateEndpoint, ${requests} of each, ${width} at a time`,
  repetitions: 3,
  async run() {
    const world = await startCommand("--no-functions", "--speed", "0");
    const client = new EndpointServiceClient({
      apiEndpoint: "127.0.0.1",
      port: world.grpcPort,
      sslCreds: grpc.credentials.createInsecure(),
      universeDomain: "googleapis.com",
    });
    try {
      await client.initialize();
      await world.call("POST", `/v1/${parent}/endpoints?endpointId=known`, { displayName: "known" });
      await world.call("POST", "/clock", { advanceSeconds: 60 });
      const name = `${parent}/endpoints/known`;
      const measures = {
        "GetEndpoint over gRPC, Node client": () => client.getEndpoint({ name }),
        "GetEndpoint over REST, fetch": () => world.call("GET", `/v1/${name}`),
        "CreateEndpoint over gRPC, Node client": (at: number) =>
          client.createEndpoint({ parent, endpointId: `grpc-${at}`, endpoint: { displayName: "e" } }),
        "CreateEndpoint over REST, fetch": (at: number) =>
          world.call("POST", `/v1/${parent}/endpoints?endpointId=rest-${at}`, { displayName: "e" }),
      } satisfies Record<string, (at: number) => Promise<unknown>>;
      const results = [];
      for (const [what, work] of Object.entries(measures)) {
        // Both sides' compilers have seen the code before it counts.
        await rate(200, width, (at) => work(requests + at));
        results.push({ what, value: await rate(requests, width, work), unit: "/s" as const });
      }
      return [...results, { what: "memory after that", value: residentMegabytes(world.pid), unit: "MB" as const }];
    } finally {
      await client.close();
      await world.interrupt();
    }
  },
};
