import type { Case } from "./case.ts";
import { endpointCases } from "./endpoints.ts";
import { faultCases } from "./faults.ts";
import { jobCases } from "./jobs.ts";
import { operationCases } from "./operations.ts";
import { persistentResourceCases } from "./persistent-resources.ts";

/** Every documented behaviour, by chapter. */
export const chapters: Readonly<Record<string, readonly Case[]>> = {
  "Persistent resources": persistentResourceCases,
  "Custom jobs": jobCases,
  "Endpoints and deployed models": endpointCases,
  "Operations, names, request quotas": operationCases,
  Faults: faultCases,
};
