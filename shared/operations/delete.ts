/** Deletes one incarnation of a persistent resource. Done when it, by name and createTime, is not there any more. */
import { hour } from "../time/clock.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, refuseOtherIncarnation, started } from "./persistent-resource-view.ts";

/** `delete` is a word of the language. */
export const deletion: OperationKind<"delete"> = {
  kind: "delete",
  metadata: "DeleteOperationMetadata",
  repeatable: true,
  limit: hour,
  refuse: refuseOtherIncarnation,
  send: (writer, { resource }, limits) => started(writer.deletePersistentResource({ name: resource }, limits)),
  recognise: ({ resource, createTime }, _held, { resource: view }) => {
    const id = idOf(resource);
    if (view.look === "unknown") return { seen: "unknown", why: view.why };
    if (view.look === "absent") return { seen: "effect", note: `${id} does not exist any more` };
    if (view.value.createTime !== createTime) {
      return {
        seen: "effect",
        note: `the ${id} of ${createTime} is gone; the one there now was created at ${view.value.createTime ?? "an unknown time"}`,
      };
    }
    if (view.value.state === "STOPPING") return { seen: "under-way", note: `${id} is STOPPING` };
    return { seen: "nothing", note: `${id} is still there, ${view.value.state ?? "in an unknown state"}` };
  },
  describe: ({ resource }) => `delete ${idOf(resource)}`,
};
