/**
 * A reader that looks at a whole fleet: one list a location answers every question about it, so that calls grow with
 * locations and not with targets. It shows one moment; open a new one for the next.
 */
import { parseName, type ResourceName } from "../../shared/vertex/names.ts";
import type { Listing, VertexReader } from "../../shared/vertex/vertex.ts";

/** Wraps a reader for one look at the fleet. */
export function surveyReader(reader: VertexReader): VertexReader {
  const resources = indexed((location) => reader.listPersistentResources(location));
  const endpoints = indexed((location) => reader.listEndpoints(location));
  return {
    ...reader,
    getPersistentResource: (name) => resources(name, () => reader.getPersistentResource(name)),
    getEndpoint: (name) => endpoints(name, () => reader.getEndpoint(name)),
    listActiveCustomJobs: once((location) => reader.listActiveCustomJobs(location)),
  };
}

/** Asks each question once. */
function once<T>(ask: (location: string) => Promise<T>): (location: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (location) => {
    const answer = answers.get(location) ?? ask(location);
    answers.set(location, answer);
    return answer;
  };
}

/** Finds a resource in its location's list; what a short list does not show is asked for itself. */
function indexed<T extends { readonly name: string }>(list: (location: string) => Promise<Listing<T>>) {
  const index = once(async (location) => {
    const { items, complete } = await list(location);
    return { complete, byId: new Map(items.map((item) => [parseName(item.name)?.id, item])) };
  });
  return async (name: ResourceName, ask: () => Promise<T | undefined>): Promise<T | undefined> => {
    const { location = "", id } = parseName(name) ?? {};
    const { complete, byId } = await index(location);
    const found = byId.get(id);
    return found === undefined && !complete ? ask() : found;
  };
}
