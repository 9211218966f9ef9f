/** Creates a persistent resource. Ours is the one with our pools that is no older than the claim. */
import { differsFromRequest, differsFromSpec } from "../decide/persistent-resource/fingerprint.ts";
import { poolsOf } from "../decide/persistent-resource/sizes.ts";
import { clockTolerance, hour } from "../time/clock.ts";
import { locationName, parseName } from "../vertex/names.ts";
import type { OperationKind } from "./kind.ts";
import { broken, idOf, started } from "./persistent-resource-view.ts";

export const create: OperationKind<"create"> = {
  kind: "create",
  metadata: "CreatePersistentResourceOperationMetadata",
  repeatable: true,
  limit: 2 * hour,
  send: (writer, { resource, body }, limits) => {
    const { project = "", location = "", id = "" } = parseName(resource) ?? {};
    const parent = locationName(project, location);
    return started(
      writer.createPersistentResource({ parent, persistentResourceId: id, persistentResource: body }, limits),
    );
  },
  recognise: ({ resource, body }, held, { resource: view, operation }) => {
    const id = idOf(resource);
    if (view.look === "unknown") return { seen: "unknown", why: view.why };
    if (view.look === "absent") return { seen: "nothing", note: `${id} does not exist` };
    const { createTime, state } = view.value;
    const created = createTime === undefined ? Number.NaN : Date.parse(createTime);
    if (!(created >= held.claimedAt - clockTolerance)) {
      return {
        seen: "impossible",
        class: "exists",
        note: `${id} exists since ${createTime ?? "an unknown time"}, before this create was decided`,
      };
    }
    // Our own operation made it; a size that somebody has set since is told by who decides next.
    const made = operation?.look === "present" && operation.value.done && operation.value.error === undefined;
    const asked = poolsOf(body);
    const difference = made
      ? differsFromSpec({ resourcePools: asked }, view.value)
      : differsFromRequest(asked, view.value);
    if (difference !== undefined) {
      return { seen: "impossible", class: "exists", note: `somebody else created ${id}: ${difference}` };
    }
    if (state === "ERROR") return broken(view.value);
    if (state === "RUNNING") return { seen: "effect", note: `${id} is running since its creation at ${createTime}` };
    return { seen: "under-way", note: `${id} is ${state ?? "in an unknown state"}` };
  },
  describe: ({ resource, body }) => {
    const pools = poolsOf(body).length;
    return `create ${idOf(resource)} with ${pools} pool${pools === 1 ? "" : "s"}`;
  },
};
