/** Makes the fleet that the rest of Tidekeeper sees out of a sound fleet file. */
import { hour } from "../time/clock.ts";
import { endpointName, locationName, persistentResourceName } from "../vertex/names.ts";
import type { ResourcePool } from "../vertex/vertex.ts";
import type {
  BusyPolicy,
  DatedException,
  Fleet,
  IdlePolicy,
  PersistentResourcePolicy,
  PersistentResourceSpec,
  ReturnPolicy,
  Rung,
  Schedule,
  SpotModelPolicy,
  WeeklyWindow,
} from "./fleet.ts";
import { rungId } from "./rung-id.ts";
import type { PersistentResourceInput, PoolInput, SpecInput } from "./schema/persistent-resource.ts";
import { idleKeys } from "./schema/persistent-resource.ts";
import type { CalendarInput, ScheduleInput } from "./schema/schedules.ts";
import type { RungInput, SpotModelInput } from "./schema/spot-model.ts";
import type { FleetFile } from "./schema.ts";

/** What a target's own keys are completed with. */
interface Home {
  readonly project: string;
  readonly location: string;
  readonly schedules: ReadonlyMap<string, Schedule>;
}

/** Builds the fleet. Every name in the file is known to be defined, and every target to have a location. */
export function buildFleet(file: FleetFile): Fleet {
  const home: Home = {
    project: file.project,
    location: file.location ?? "",
    schedules: new Map(
      Object.entries(file.schedules).map(([name, schedule]) => [name, buildSchedule(name, schedule, file.calendars)]),
    ),
  };
  return {
    version: file.version,
    project: file.project,
    namePrefix: file.namePrefix,
    limits: file.limits,
    prices: file.prices,
    targets: [
      ...file.persistentResources.map((resource) => buildPersistentResource(resource, home)),
      ...file.spotModels.map((model) => buildSpotModel(model, home)),
    ],
  };
}

function buildSchedule(
  name: string,
  { zone, up, calendars }: ScheduleInput,
  defined: { readonly [name: string]: CalendarInput },
): Schedule {
  return {
    name,
    zone: zone.zone,
    up: up.map((window): WeeklyWindow => {
      if (!("when" in window)) return window;
      return { ...window.when, ...(window.replicas === undefined ? {} : { replicas: window.replicas }) };
    }),
    exceptions: calendars.flatMap((calendar) =>
      (["closed", "open"] as const).flatMap((effect) =>
        (defined[calendar]?.[effect] ?? []).map((dates): DatedException => ({ ...dates, effect, calendar })),
      ),
    ),
  };
}

/** The keys that every target has; a schedule only where one is named. */
function common(
  { project, location, schedules }: Home,
  target: { location?: string; schedule?: string; name: string },
) {
  const schedule = target.schedule === undefined ? undefined : schedules.get(target.schedule);
  return {
    name: target.name,
    project,
    location: target.location ?? location,
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function buildPersistentResource(input: PersistentResourceInput, home: Home): PersistentResourcePolicy {
  const { idle, onBusy, scale, restore, spec } = input;
  const shared = common(home, input);
  const resource = persistentResourceName(shared.project, shared.location, input.id ?? input.name);
  return {
    kind: "persistentResource",
    ...shared,
    key: resource,
    resource,
    ...(spec === undefined ? {} : { spec: buildSpec(spec) }),
    ...(idle === undefined ? {} : { idle: buildIdle(idle) }),
    onBusy: buildBusy(onBusy),
    scale,
    restore: {
      early: restore.early,
      alternatives: restore.alternatives.map(({ resourcePools }) => ({ resourcePools: resourcePools.map(buildPool) })),
    },
  };
}

function buildIdle(idle: NonNullable<PersistentResourceInput["idle"]>): IdlePolicy {
  return typeof idle === "object" ? idle : { ...idleKeys.parse({}), after: idle };
}

function buildBusy(onBusy: PersistentResourceInput["onBusy"]): BusyPolicy {
  const { action, maxWait = 2 * hour, then = "skip" } = typeof onBusy === "string" ? { action: onBusy } : onBusy;
  return { action, maxWait, then };
}

function buildSpec(spec: SpecInput): PersistentResourceSpec {
  const { displayName, labels, network, reservedIpRanges, networkAttachment, serviceAccount, kmsKeyName, ray } = spec;
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(labels === undefined ? {} : { labels }),
    ...(network === undefined ? {} : { network }),
    resourcePools: spec.resourcePools.map(buildPool),
    ...(serviceAccount === undefined && ray === undefined
      ? {}
      : {
          resourceRuntimeSpec: {
            ...(serviceAccount === undefined
              ? {}
              : { serviceAccountSpec: { enableCustomServiceAccount: true, serviceAccount } }),
            ...(ray === undefined ? {} : { raySpec: { ...ray } }),
          },
        }),
    ...(kmsKeyName === undefined ? {} : { encryptionSpec: { kmsKeyName } }),
    ...(reservedIpRanges === undefined ? {} : { reservedIpRanges }),
    ...(networkAttachment === undefined ? {} : { pscInterfaceConfig: { networkAttachment } }),
  };
}

function buildPool(pool: PoolInput): ResourcePool {
  const { id, replicas, autoscaling, disk, machineType, acceleratorType, acceleratorCount } = pool;
  return {
    id,
    machineSpec: machineOf({ machineType, acceleratorType, acceleratorCount }),
    ...(replicas === undefined ? {} : { replicaCount: String(replicas) }),
    ...(autoscaling === undefined
      ? {}
      : {
          autoscalingSpec: {
            minReplicaCount: String(autoscaling.min),
            maxReplicaCount: String(autoscaling.max),
          },
        }),
    ...(disk === undefined ? {} : { diskSpec: { bootDiskType: disk.type, bootDiskSizeGb: disk.sizeGb } }),
  };
}

/** The keys of a machine that are there. */
function machineOf(machine: {
  readonly machineType: string;
  readonly acceleratorType: string | undefined;
  readonly acceleratorCount: number | undefined;
}) {
  const { machineType, acceleratorType, acceleratorCount } = machine;
  return {
    machineType,
    ...(acceleratorType === undefined ? {} : { acceleratorType }),
    ...(acceleratorCount === undefined ? {} : { acceleratorCount }),
  };
}

function buildSpotModel(input: SpotModelInput, home: Home): SpotModelPolicy {
  const shared = common(home, input);
  const endpoint = endpointName(shared.project, shared.location, input.endpoint);
  const model = input.model.includes("/")
    ? input.model
    : `${locationName(shared.project, shared.location)}/models/${input.model}`;
  const { returnToSpot, maxHourlyPrice } = input;
  return {
    kind: "spotModel",
    ...shared,
    key: `${endpoint}#${input.name}`,
    endpoint,
    model,
    displayName: input.displayName ?? input.name,
    ladder: input.ladder.map((rung) => buildRung(rung, input, shared.location)),
    grace: input.grace,
    share: input.share,
    ...(returnToSpot === undefined ? {} : { returnToSpot: buildReturn(returnToSpot, shared.schedule) }),
    ...(maxHourlyPrice === undefined ? {} : { maxHourlyPrice }),
  };
}

function buildRung(rung: RungInput, model: SpotModelInput, location: string): Rung {
  const minReplicas = rung.minReplicas ?? model.minReplicas;
  const maxReplicas = rung.maxReplicas ?? (rung.minReplicas === undefined ? model.maxReplicas : undefined);
  return { ...rung, id: rungId(rung, location), minReplicas, maxReplicas: maxReplicas ?? minReplicas };
}

function buildReturn(input: NonNullable<SpotModelInput["returnToSpot"]>, schedule: Schedule | undefined): ReturnPolicy {
  const { stableFor, minSaving, cooldown, notDuring } = input;
  return { stableFor, minSaving, cooldown, notDuring, zone: input.zone?.zone ?? schedule?.zone ?? "UTC" };
}
