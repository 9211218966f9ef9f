/**
 * Reads Vertex AI over REST, v1beta1: fields that this code does not know survive into the restore record, and no 4 MB of
 * descriptors is loaded. Paths: vertex-api.md 1.1, 2, 3.1 and 4.1.
 */
import { listAll, pageSize } from "./listing.ts";
import { locationName, parseName } from "./names.ts";
import { operationStart } from "./operation-times.ts";
import { createRest } from "./rest.ts";
import { mustRead, readCustomJob, readEndpoint, readOperation, readPersistentResource } from "./shapes.ts";
import type { JsonObject, Listing, VertexReader } from "./vertex.ts";

/** Options of {@link createReader}. */
export interface ReaderOptions {
  /** Project whose permissions are tested and whose locations are listed. */
  readonly project: string;
  /** REST door of a local cloud, `http://127.0.0.1:PORT`; absent: Google Cloud, with application default credentials. */
  readonly rest?: string | undefined;
}

/** Job states in which a job holds or asks for a replica (vertex-api.md 2). */
const activeJobStates = ["QUEUED", "PENDING", "RUNNING", "CANCELLING", "PAUSED", "UPDATING"];

/** Opens a reader. It loads credentials at its first call. */
export function createReader(options: ReaderOptions): VertexReader {
  const { project } = options;
  const local = options.rest?.replace(/\/+$/, "");
  const rest = createRest(local === undefined);
  const base = (location: string): string => `${local ?? `https://${location}-aiplatform.googleapis.com`}/v1beta1`;
  const at = (name: string): string => {
    const location = parseName(name)?.location;
    if (location === undefined) throw new TypeError(`"${name}" is no Vertex AI resource name`);
    return `${base(location)}/${name}`;
  };
  const list = <T>(
    url: string,
    key: string,
    read: (item: JsonObject) => T | undefined,
    query: { readonly [key: string]: string } = {},
    parentMissing?: JsonObject,
  ): Promise<Listing<T>> =>
    listAll(
      async (token) => {
        const asked = new URLSearchParams({ ...query, pageSize: String(pageSize) });
        if (token !== "") asked.set("pageToken", token);
        const body = await rest.get(`${url}?${asked}`);
        return body === undefined && token === "" ? parentMissing : body;
      },
      key,
      read,
    );
  const listJobs = (location: string, filter: string) =>
    list(`${base(location)}/${locationName(project, location)}/customJobs`, "customJobs", readCustomJob, { filter });

  return {
    getPersistentResource: async (name) => {
      const body = await rest.get(at(name));
      return body && mustRead(readPersistentResource, body, name);
    },
    getPersistentResourceVerbatim: async (name) => {
      const body = await rest.get(at(name));
      if (body !== undefined) mustRead(readPersistentResource, body, name);
      return body;
    },
    listPersistentResources: (location) =>
      list(
        `${base(location)}/${locationName(project, location)}/persistentResources`,
        "persistentResources",
        readPersistentResource,
      ),
    listActiveCustomJobs: (location) =>
      listJobs(location, activeJobStates.map((state) => `state="JOB_STATE_${state}"`).join(" OR ")),
    listCustomJobsLabelled: (location, { key, value }) => listJobs(location, `labels.${key}=${value}`),
    getEndpoint: async (name) => {
      const body = await rest.get(at(name));
      return body && mustRead(readEndpoint, body, name);
    },
    listEndpoints: (location) =>
      list(`${base(location)}/${locationName(project, location)}/endpoints`, "endpoints", readEndpoint),
    getOperation: async (name) => {
      const body = await rest.get(at(name));
      return body && mustRead(readOperation, body, name);
    },
    listOperations: async (resource) => {
      // Unlike a location, a resource may well not exist; then there are no operations under it.
      const { items, complete } = await list(`${at(resource)}/operations`, "operations", readOperation, {}, {});
      return { items: items.toSorted((a, b) => operationStart(b) - operationStart(a)), complete };
    },
    testPermissions: async (asked) => {
      const host = local ?? "https://cloudresourcemanager.googleapis.com";
      const body = await rest.ask(`${host}/v3/projects/${project}:testIamPermissions`, { permissions: [...asked] });
      const granted = body["permissions"] ?? [];
      return Array.isArray(granted) ? granted.filter((permission) => typeof permission === "string") : [];
    },
  };
}
