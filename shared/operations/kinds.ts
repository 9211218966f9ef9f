/** Every kind of operation, by name. */
import { create } from "./create.ts";
import { deletion } from "./delete.ts";
import { deploy } from "./deploy.ts";
import { job } from "./job.ts";
import type { ChangeOf, OperationKind } from "./kind.ts";
import { mutate } from "./mutate.ts";
import type { Change, ChangeKind } from "./operation.ts";
import { reboot } from "./reboot.ts";
import { resize } from "./resize.ts";
import { traffic } from "./traffic.ts";
import { undeploy } from "./undeploy.ts";

const kinds: { readonly [K in ChangeKind]: OperationKind<K> } = {
  create,
  delete: deletion,
  resize,
  reboot,
  job,
  deploy,
  undeploy,
  mutate,
  traffic,
};

/** The kind of a change. */
export function kindOf<K extends ChangeKind>(change: ChangeOf<K>): OperationKind<K> {
  return kinds[change.kind as K];
}

/** A few words for people, e.g. `resize pool-1 2 -> 4`. */
export function describe(change: Change): string {
  return kindOf<ChangeKind>(change).describe(change);
}
