/**
 * Vertex AI resource names. Servers answer with project numbers where we asked with ids, so identity inside one project
 * is (location, collection, id); {@link sameResource} compares that way.
 */

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** `projects/P/locations/L/persistentResources/ID` */
export type PersistentResourceName = Branded<"persistentResource">;
/** `projects/P/locations/L/endpoints/ID` */
export type EndpointName = Branded<"endpoint">;
/** A Vertex resource that can hold one of our operations at a time. */
export type ResourceName = PersistentResourceName | EndpointName;

/** The parts of a resource name. */
export interface NameParts {
  readonly project: string;
  readonly location: string;
  readonly collection: string;
  readonly id: string;
}

/** Builds a persistent resource's name. */
export function persistentResourceName(project: string, location: string, id: string): PersistentResourceName {
  return `projects/${project}/locations/${location}/persistentResources/${id}` as PersistentResourceName;
}

/** Builds an endpoint's name. */
export function endpointName(project: string, location: string, id: string): EndpointName {
  return `projects/${project}/locations/${location}/endpoints/${id}` as EndpointName;
}

/** `projects/P/locations/L` */
export function locationName(project: string, location: string): string {
  return `projects/${project}/locations/${location}`;
}

/**
 * Takes a name apart; anything below the resource (`/operations/7`) is left out.
 * @returns undefined for a string that is no resource name.
 */
export function parseName(name: string): NameParts | undefined {
  const match = /^projects\/([^/]+)\/locations\/([^/]+)\/([^/]+)\/([^/#]+)/.exec(name);
  if (!match) return undefined;
  const [, project = "", location = "", collection = "", id = ""] = match;
  return { project, location, collection, id };
}

/** One project may be written by its id or by its number; nothing here tells which number belongs to which id. */
function maySameProject(a: string, b: string): boolean {
  const number = /^\d+$/;
  return a === b || number.test(a) !== number.test(b);
}

/** Whether two names mean one resource, whichever of project id and project number each was written with. */
export function sameResource(a: string, b: string): boolean {
  const left = parseName(a);
  const right = parseName(b);
  return (
    left !== undefined &&
    right !== undefined &&
    maySameProject(left.project, right.project) &&
    left.location === right.location &&
    left.collection === right.collection &&
    left.id === right.id
  );
}
