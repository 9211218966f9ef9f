/** Sets an endpoint's traffic split, on the etag that was read: synchronous, and refused when somebody else was quicker. */
import { minute } from "../time/clock.ts";
import type { OperationKind } from "./kind.ts";
import { idOf } from "./persistent-resource-view.ts";

type Split = { readonly [deployedModelId: string]: number };

/** A split without its zeros: they are omitted on the wire. */
const parts = (split: Split): readonly string[] =>
  Object.entries(split)
    .filter(([, share]) => share !== 0)
    .map(([id, share]) => `${id} ${share} %`)
    .toSorted();

const text = (split: Split): string => parts(split).join(", ") || "nothing";

export const traffic: OperationKind<"traffic"> = {
  kind: "traffic",
  metadata: undefined,
  repeatable: true,
  limit: 10 * minute,
  send: async (writer, { resource, etag, trafficSplit }, limits) => {
    await writer.updateTraffic({ name: resource, etag, trafficSplit }, limits);
    return { sent: "done", note: `traffic goes to ${text(trafficSplit)}` };
  },
  recognise: ({ resource, trafficSplit }, _held, { resource: view }) => {
    if (view.look === "unknown") return { seen: "unknown", why: view.why };
    if (view.look === "absent") {
      return { seen: "impossible", class: "gone", note: `endpoint ${idOf(resource)} does not exist` };
    }
    const shown = text(view.value.trafficSplit ?? {});
    return { seen: shown === text(trafficSplit) ? "effect" : "nothing", note: `traffic goes to ${shown}` };
  },
  describe: ({ resource, trafficSplit }) => `move traffic of endpoint ${idOf(resource)} to ${text(trafficSplit)}`,
};
