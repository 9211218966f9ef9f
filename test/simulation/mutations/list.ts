// biome-ignore-all lint/suspicious/noTemplateCurlyInString: patches are source text.
/**
 * Deliberate bugs, each of which the simulation must catch. Left out, because another guard makes them harmless and so
 * nothing in the world can tell them from the original:
 * - deciding before settling: the claim's versions refuse what was decided on;
 * - comparing the incarnation only at the second look and not before the call, or not at all when a delete is settled:
 *   deleting and creating take the service minutes, and what comes after a settlement is decided on a fresh look;
 * - a tick that does not poke for held slots: what the operation has changed differs from what is remembered, and is poked for.
 */

/** One replacement; `find` must stand exactly once in the file. */
interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One bug. */
export interface Mutation {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const one = (name: string, file: string, find: string, replace: string): Mutation => ({
  name,
  patches: [{ file, find, replace }],
});

export const mutations: readonly Mutation[] = [
  one(
    "the claim does not compare the target's version",
    "shared/operations/claim.ts",
    "if (target.version !== basis.targetVersion) return",
    'if (target.version === "") return',
  ),
  {
    name: "the claim does not look at the slot",
    patches: [
      {
        file: "shared/operations/claim.ts",
        find: "if (slot?.version !== basis.slotVersion) return",
        replace: 'if (slot?.version === "") return',
      },
      {
        file: "shared/operations/claim.ts",
        find: 'slot.value.state !== "empty") {',
        replace: "slot.value.resource.length === 0) {",
      },
    ],
  },
  {
    name: "the claim does not look at the fleet's head: pause and apply are overtaken",
    patches: [
      {
        file: "shared/operations/claim.ts",
        find: "if (head.version !== basis.headVersion) return",
        replace: 'if (head.version === "") return',
      },
      {
        file: "shared/operations/claim.ts",
        find: "if (changing && head.value.paused !== undefined) return",
        replace: "if (changing && head.value.paused === null) return",
      },
    ],
  },
  {
    name: "a frozen function may still call: no deadline",
    patches: [
      {
        file: "shared/operations/start.ts",
        find: "if (clock.wire() > held.startBy) return",
        replace: "if (clock.wire() < 0) return",
      },
      {
        file: "shared/operations/start.ts",
        find: "deadline: held.startBy + callMargin",
        replace: "deadline: Number.MAX_SAFE_INTEGER + 0 * callMargin",
      },
    ],
  },
  one(
    "a delete gets no second look under the claim",
    "shared/reconcile.ts",
    "if (action.secondLook) {",
    "if (action.secondLook && needs.size > 99) {",
  ),
  one(
    "two clean looks may follow each other at once",
    "shared/decide/persistent-resource/sleep.ts",
    "const looksApart = 60 * second;",
    "const looksApart = 0 * second;",
  ),
  one(
    "an operation that cannot be looked up counts as done",
    "shared/operations/judge.ts",
    "return (overdue ? unknown : wait)(`operation ${name} cannot be looked up: ${look.why}`);",
    "return done(`operation ${name} cannot be looked up: ${look.why}`);",
  ),
  one(
    "an accepted operation counts as done",
    "shared/operations/start.ts",
    'if (sent.sent === "done") return end({ end: "done", note: sent.note });',
    'return end({ end: "done", note: "accepted" });',
  ),
  one(
    "a claim lapses while its call is on its way",
    "shared/operations/judge.ts",
    "export const lapseMargin: Millis = 100 * second;",
    "export const lapseMargin: Millis = 0 * second;",
  ),
  one(
    "a counter that is never filled counts as zero",
    "shared/decide/idle/pool-sample.ts",
    'return { sample: "idle", createTime, counted: counterSeen };',
    'return { sample: "idle", createTime, counted: counterSeen || true };',
  ),
  one(
    "jobs are not looked at",
    "shared/decide/idle/pool-sample.ts",
    "job.jobSpec?.persistentResourceId === resourceId",
    "job.jobSpec?.persistentResourceId === `${resourceId}-`",
  ),
  one(
    "a list that ended early counts as whole",
    "shared/decide/idle/pool-sample.ts",
    "if (!complete) return { known: false",
    'if (resourceId === "" && !complete) return { known: false',
  ),
  {
    name: "idle at once, whatever the threshold",
    patches: [
      {
        file: "shared/decide/persistent-resource/idleness.ts",
        find: "if (idleFor < idle.threshold) return undefined;",
        replace: "if (idleFor < 0) return undefined;",
      },
      {
        file: "shared/decide/idle/idle.ts",
        find: "if (idleFor < threshold || track.samples < fewestSamples) {",
        replace: "if (idleFor < 0) {",
      },
    ],
  },
  {
    name: "a resource is known by its name alone",
    patches: [
      {
        file: "shared/decide/persistent-resource/identity.ts",
        find: "if (known.createTime !== resource.createTime) {",
        replace: 'if (known.createTime === "") {',
      },
      {
        file: "shared/decide/persistent-resource/identity.ts",
        find: "return seen === known.fingerprint ? ours :",
        replace: "return seen.length > 0 ? ours :",
      },
      {
        file: "shared/decide/persistent-resource/identity.ts",
        find: "else if (known !== undefined) drifted(",
        replace: "else if (known === null) drifted(",
      },
    ],
  },
  one(
    "drift is fought",
    "shared/decide/persistent-resource/identity.ts",
    "if (drift !== undefined) return stillDrifted(",
    "if (drift !== undefined && draft.now < 0) return stillDrifted(",
  ),
  one(
    "a stranger's share is taken",
    "shared/decide/spot-model/traffic.ts",
    "return Object.fromEntries(moved > 0 ? [...kept, [to, moved]] : kept);",
    "return moved > 0 ? { [to]: 100 } : Object.fromEntries(kept);",
  ),
  one(
    "the fleet's models on one endpoint are strangers to each other",
    "shared/siblings.ts",
    "ids: memory?.ours ?? [],",
    "ids: memory?.ours.slice(0, 0) ?? [],",
  ),
  one(
    "a stranger's model under our name is ours",
    "shared/decide/spot-model/view.ts",
    "if (!ids.has(deployed.id) || ",
    "if (",
  ),
  {
    name: "a raised floor of the fleet is lost capacity",
    patches: [
      {
        file: "shared/decide/spot-model/view.ts",
        find: "return Math.max(1, Math.min(rung?.requiredReplicas ?? rung?.minReplicas ?? shown, shown));",
        replace: "return Math.max(1, rung?.requiredReplicas ?? rung?.minReplicas ?? shown);",
      },
      {
        file: "shared/decide/spot-model/view.ts",
        find: "if (available < Math.min(floorOf(deployed, rung), had)) {",
        replace: "if (available < Math.min(floorOf(deployed, rung), had * 99)) {",
      },
    ],
  },
  one(
    "what is deployed under the fleet's last display name is a stranger's",
    "shared/decide/spot-model/view.ts",
    "const name = memory.names?.[deployed.id] ?? policy.displayName;",
    "const name = policy.displayName;",
  ),
  one(
    "the traffic split is set without its etag",
    "shared/operations/traffic.ts",
    "await writer.updateTraffic({ name: resource, etag, trafficSplit }, limits);",
    "await writer.updateTraffic({ name: resource, etag: undefined as never, trafficSplit }, limits); void etag;",
  ),
  one(
    "the restore record is not saved with the claim",
    "shared/operations/claim.ts",
    "if (restore !== undefined && (stored",
    "if (restore !== undefined && held.attempt > 99 && (stored",
  ),
  one(
    "the restore record is saved late: once the delete is done",
    "shared/operations/claim.ts",
    'tx.put("restores", restoreIdOf(restore.targetKey, restore.createTime), restore);',
    'setTimeout(() => void store.transaction(async (late) => late.put("restores", restoreIdOf(restore.targetKey, restore.createTime), restore)), 0);',
  ),
  one(
    "the restore record keeps the size of the night",
    "shared/decide/persistent-resource/settled.ts",
    "replicas: draining?.shrunk ? known.replicas : { ...known.replicas, ...sizes },",
    "replicas: draining === null ? known.replicas : { ...known.replicas, ...sizes },",
  ),
  one(
    "cycles per day are not counted",
    "shared/decide/persistent-resource/sleep.ts",
    "memory.deletes.length >= limits.cyclesPerDay && !wreck",
    "memory.deletes.length >= 99 * limits.cyclesPerDay && !wreck",
  ),
  one(
    "a hold is not heeded",
    "shared/decide/persistent-resource/persistent-resource.ts",
    "if (hold) return held(draft, hold);",
    "if (hold && draft.now < 0) return held(draft, hold);",
  ),
  one(
    "an alternative is built of its pools alone",
    "shared/decide/persistent-resource/restore.ts",
    "body: { ...first.body, resourcePools }",
    "body: { resourcePools }",
  ),
  one(
    "an alternative that is refused is tried again and again",
    "shared/decide/persistent-resource/machines.ts",
    'alternative: ["stockout", "quota", "invalid", "denied"]',
    'alternative: ["stockout"]',
  ),
  one(
    "the wreck of a failed create ends the sleep",
    "shared/decide/persistent-resource/identity.ts",
    'draft.forget("draining", "errorSince", "missing");\n  if (!wreck) {',
    'draft.forget("draining", "errorSince", "missing", "sleep");\n  if (!wreck) {',
  ),
  {
    name: "whatever was made at about the time of a create of ours is ours",
    patches: [
      {
        file: "shared/decide/persistent-resource/identity.ts",
        find: "return creating.pools === undefined || differsFromSpec({ resourcePools: creating.pools }, resource) === undefined;",
        replace: "return true;",
      },
      {
        file: "shared/decide/persistent-resource/identity.ts",
        find: "if (difference !== undefined) return drifted(draft, resource, `changed while",
        replace: "if (difference === null) return drifted(draft, resource, `changed while",
      },
    ],
  },
  one(
    "what is asleep is let go and stays deleted",
    "shared/state/release-target.ts",
    "return (memory.sleep !== undefined && memory.sleep.neverRan !== true) ||",
    "return (memory.sleep !== undefined && memory.sleep.neverRan === true) ||",
  ),
  one(
    "an event that comes twice is taken twice",
    "shared/state/requests.ts",
    "if (mark !== undefined) return { outcome: tellAgain(tx, mark.value), duplicate: true, ...targetKey };",
    "if (mark !== undefined && mark.value.schema > 99) return { outcome: tellAgain(tx, mark.value), duplicate: true, ...targetKey };",
  ),
  one(
    "an event is told before it is stored",
    "shared/receive.ts",
    "const stored = await storeRequest(",
    'const id = event.id ?? envelope.messageId;\n    await home.bus.publish("outcomes", { data: { id: `${id}/accepted`, eventId: id, phase: "accepted", final: false, what: "", why: "", at: clock.now() } });\n    const stored = await storeRequest(',
  ),
  one(
    "an event is acknowledged though nothing can be stored",
    "shared/receive.ts",
    'if ("refused" in recalled) throw notReady(recalled.refused);\n  try {\n    const envelope',
    'if ("refused" in recalled) return;\n  try {\n    const envelope',
  ),
  one(
    "an outcome that could not be published is forgotten",
    "shared/state/outbox.ts",
    "return { published, failure };",
    "published.push(one);\n      return { published, failure };",
  ),
  one(
    "a request that expires is not answered",
    "shared/decide/persistent-resource/wishes.ts",
    'draft.close(\n    request,\n    "expired",',
    'draft.requests = draft.requests.filter((other) => other.eventId !== request.eventId);\n  draft.close(\n    request,\n    "expired",',
  ),
  one(
    "sizes are not kept within the fleet's bounds",
    "shared/decide/persistent-resource/sizes.ts",
    "wanted[name] = Math.max(1, Math.min(Math.max(asked, bounds.min), bounds.max));",
    "wanted[name] = Math.max(1, asked + 4);",
  ),
  one(
    "a job that may have been submitted is submitted again",
    "shared/operations/judge.ts",
    'failed("fate-unknown",',
    'failed("unavailable",',
  ),
  one(
    "a failed deploy is tried again under the same id",
    "shared/decide/spot-model/deploy.ts",
    "memory.sequence = sequence;",
    "memory.sequence = sequence - 1;",
  ),
];
