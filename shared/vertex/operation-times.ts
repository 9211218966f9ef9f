/** When a long-running operation says that it began and ended. */
import type { Millis } from "../time/clock.ts";
import type { JsonObject, LongRunningOperation } from "./vertex.ts";

function timeOf(operation: LongRunningOperation, field: "createTime" | "updateTime"): Millis {
  const generic = operation.metadata?.["genericMetadata"] as JsonObject | undefined;
  const value = generic?.[field];
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? 0 : time;
}

/** World time at which it was started, 0 when it does not say. */
export function operationStart(operation: LongRunningOperation): Millis {
  return timeOf(operation, "createTime");
}

/** World time of its last change, which is its end once it is done; 0 when it does not say. */
export function operationEnd(operation: LongRunningOperation): Millis {
  return timeOf(operation, "updateTime");
}
