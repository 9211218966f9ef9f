/** Reboots a resource's machines. It leaves no trace that would tell one reboot from two, so it is never sent again. */
import { hour } from "../time/clock.ts";
import type { OperationKind } from "./kind.ts";
import { idOf, refuseOtherIncarnation, sameIncarnation, started } from "./persistent-resource-view.ts";

export const reboot: OperationKind<"reboot"> = {
  kind: "reboot",
  metadata: "RebootPersistentResourceOperationMetadata",
  repeatable: false,
  limit: hour,
  refuse: refuseOtherIncarnation,
  send: (writer, { resource }, limits) => started(writer.rebootPersistentResource({ name: resource }, limits)),
  recognise: (change, _held, { resource: view }) => {
    const found = sameIncarnation(change, view);
    if ("other" in found) return found.other;
    if (found.same.state === "REBOOTING") return { seen: "under-way", note: `${idOf(change.resource)} is REBOOTING` };
    return { seen: "no-trace" };
  },
  describe: ({ resource }) => `reboot ${idOf(resource)}`,
};
