/** A Vertex AI that answers reads at once, over REST, and counts them. It changes nothing and has no jobs. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { shown } from "./fleet-of.ts";

/** A running double. */
export interface VertexDouble {
  readonly rest: string;
  /** Since it was last asked. */
  takeCounts(): { readonly lists: number; readonly pages: number; readonly gets: number };
  stop(): Promise<void>;
}

const pageSize = 100;

/** Starts it with what the fleet's targets look like when all is well. */
export async function startVertexDouble(fleet: Fleet): Promise<VertexDouble> {
  const bodies = new Map<string, string>();
  const collections = new Map<string, string[]>();
  for (const policy of fleet.targets) {
    const name = policy.kind === "persistentResource" ? policy.resource : policy.endpoint;
    const parent = name.slice(0, name.lastIndexOf("/"));
    bodies.set(name, JSON.stringify(shown(policy)));
    const names = collections.get(parent) ?? [];
    names.push(name);
    collections.set(parent, names);
  }
  let counts = { lists: 0, pages: 0, gets: 0 };
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://double");
    const path = pathname.replace(/^\/v1beta1\//, "");
    response.setHeader("content-type", "application/json");
    const one = bodies.get(path);
    if (one !== undefined) {
      counts.gets += 1;
      response.end(one);
      return;
    }
    const from = Number(searchParams.get("pageToken") ?? "0");
    counts.pages += 1;
    if (from === 0) counts.lists += 1;
    const names = collections.get(path) ?? [];
    const page = names.slice(from, from + pageSize).map((name) => bodies.get(name));
    const next = from + pageSize < names.length ? `,"nextPageToken":"${from + pageSize}"` : "";
    response.end(`{"${path.slice(path.lastIndexOf("/") + 1)}":[${page.join(",")}]${next}}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    rest: `http://127.0.0.1:${address.port}`,
    takeCounts() {
      const taken = counts;
      counts = { lists: 0, pages: 0, gets: 0 };
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
