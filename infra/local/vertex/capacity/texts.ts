/** The words in which the service says that it has no machines, or that the project may not have them. */

/** Stockout while deploying a model; code UNAVAILABLE. */
export const stockoutText =
  "Machine type temporarily unavailable, please deploy with a different machine type or retry.";

/** Serving quota exceeded; code RESOURCE_EXHAUSTED. */
export function servingQuotaText(quotas: readonly string[]): string {
  return `The following quotas are exceeded: ${quotas.join(",")}`;
}

/** Training quota exceeded; code RESOURCE_EXHAUSTED. */
export function trainingQuotaText(metrics: readonly string[]): string {
  const list = metrics.map((metric) => `aiplatform.googleapis.com/${metric}`).join(",");
  return `The following quota metrics exceed quota limits: ${list}`;
}

/** Machines for a persistent resource not to be had; the service's own words are undocumented. */
export function provisioningText(machineTypes: readonly string[], region: string): string {
  const machines = [...new Set(machineTypes)].join(", ");
  return `Resources are insufficient in region: ${region}. Machine type(s): ${machines}. STOCKOUT. Try a different region or use a different machine type.`;
}
