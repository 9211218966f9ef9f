/** Resource names, and the two ways to name a project. */
import { invalidField } from "./errors.ts";

/** The collections this service knows, by resource type. */
const collections = {
  PersistentResource: "persistentResources",
  CustomJob: "customJobs",
  Endpoint: "endpoints",
  Model: "models",
  DeploymentResourcePool: "deploymentResourcePools",
} as const;

/** A resource type of this service. */
export type ResourceType = keyof typeof collections;

/** `projects/P/locations/L` taken apart. */
export type Location = { readonly name: string; readonly project: string; readonly region: string };

/** A resource's name taken apart. */
export type ResourceName = { readonly name: string; readonly location: Location; readonly id: string };

const locationPattern = /^projects\/([^/]+)\/locations\/([^/]+)$/;
const resourcePattern = /^(projects\/[^/]+\/locations\/[^/]+)\/([^/]+)\/([^/@]+)(?:@[^/]+)?$/;

/** Reads `projects/P/locations/L`; INVALID_ARGUMENT otherwise. */
export function parseLocation(name: string, field: string): Location {
  const match = locationPattern.exec(name);
  if (!match?.[1] || !match[2]) {
    throw invalidField(field, `"${name}" is not of the form projects/{project}/locations/{location}.`);
  }
  return { name, project: match[1], region: match[2] };
}

/** Reads the name of a resource of one type (a model's `@version` is left off); INVALID_ARGUMENT otherwise. */
export function parseResource(type: ResourceType, name: string, field: string): ResourceName {
  const match = resourcePattern.exec(name);
  if (!match?.[1] || !match[3] || match[2] !== collections[type]) {
    const form = `projects/{project}/locations/{location}/${collections[type]}/{id}`;
    throw invalidField(field, `"${name}" is not of the form ${form}.`);
  }
  return {
    name: `${match[1]}/${match[2]}/${match[3]}`,
    location: parseLocation(match[1], field),
    id: match[3],
  };
}

/** The name of a resource. */
export function resourceName(type: ResourceType, location: Location, id: string): string {
  return `${location.name}/${collections[type]}/${id}`;
}

/** The location a kept name lies in. */
export function locationOf(name: string): Location {
  return parseLocation(name.split("/").slice(0, 4).join("/"), "name");
}

/** The last part of a name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** A project's number: twelve digits, made from its id, so that the same project has the same number in every run. */
export function projectNumber(project: string): string {
  if (/^\d+$/.test(project)) return project;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(project))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return String(100_000_000_000n + (hash % 900_000_000_000n));
}
