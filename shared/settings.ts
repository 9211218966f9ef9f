/** What a process is told about its home through the environment: read once, checked whole. */
import { z } from "zod";

const needed = z.string("is not set").min(1, "is not set");
const given = z.string().min(1, "is set to nothing");
/** Says of a value that it is none of what it must be. */
function isNo(what: string) {
  return { error: ({ input }: { readonly input?: unknown }) => `is ${JSON.stringify(input)}, which is no ${what}` };
}
const url = z.url(isNo("URL like http://127.0.0.1:8090"));

const settingsSchema = z.object({
  /** Google Cloud project of the fleet. */
  TIDEKEEPER_PROJECT: needed,
  /** Location of topics' schedules; functions do not care. */
  TIDEKEEPER_PREFIX: given.default("tidekeeper"),
  /** `firestore:PROJECT[/DATABASE]` or `sqlite:FILE`. */
  TIDEKEEPER_STORE: needed,
  /** The store id printed by the first `apply`; with it set, a lost or swapped store means no action. */
  TIDEKEEPER_STORE_ID: given.optional(),
  /** Local cloud only: `http://127.0.0.1:PORT` of its REST door. */
  TIDEKEEPER_VERTEX_REST: url.optional(),
  /** Local cloud only: `127.0.0.1:PORT` of its gRPC door. */
  TIDEKEEPER_VERTEX_GRPC: z
    .string()
    .regex(/^[^:]+:\d+$/, isNo("address like 127.0.0.1:8091"))
    .optional(),
  /** Local cloud only: `http://127.0.0.1:PORT/clock`. */
  TIDEKEEPER_CLOCK: url.optional(),
});

export interface Settings {
  readonly project: string;
  readonly prefix: string;
  readonly store: string;
  readonly storeId: string | undefined;
  /** Absent on Google Cloud. */
  readonly local: { readonly rest: string; readonly grpc: string } | undefined;
  readonly clock: string | undefined;
}

/** Half of a local cloud's addresses would act on Google Cloud for the other half, or by a clock that runs fast. */
function refuseHalfLocal(rest: string | undefined, grpc: string | undefined, clock: string | undefined): void {
  if ((rest === undefined) === (grpc === undefined) && (clock === undefined || rest !== undefined)) return;
  const needed = { TIDEKEEPER_VERTEX_REST: rest, TIDEKEEPER_VERTEX_GRPC: grpc };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
  throw new Error(
    `the environment names a local cloud, but not all of it: ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing; \`tidekeeper local\` prints all of them. For Google Cloud set none of TIDEKEEPER_VERTEX_REST, TIDEKEEPER_VERTEX_GRPC and TIDEKEEPER_CLOCK`,
  );
}

/** Each problem once, with all the variables that have it. */
function problemsOf(issues: readonly z.core.$ZodIssue[]): string {
  const names = Map.groupBy(issues, ({ message }) => message);
  return [...names]
    .map(([problem, all]) => {
      const verb = all.length > 1 ? problem.replace(/^is /, "are ") : problem;
      return `${all.map(({ path }) => path.join(".")).join(" and ")} ${verb}`;
    })
    .join("; ");
}

/**
 * Reads the settings.
 * @throws Error naming each variable that is missing or wrong.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const result = settingsSchema.safeParse(environment);
  if (!result.success) {
    throw new Error(
      `${problemsOf(result.error.issues)}. Set TIDEKEEPER_PROJECT to the Google Cloud project and TIDEKEEPER_STORE to firestore:PROJECT or sqlite:FILE; for a local cloud \`tidekeeper local\` prints all that is needed`,
    );
  }
  const { TIDEKEEPER_VERTEX_REST: rest, TIDEKEEPER_VERTEX_GRPC: grpc, ...values } = result.data;
  refuseHalfLocal(rest, grpc, values.TIDEKEEPER_CLOCK);
  return {
    project: values.TIDEKEEPER_PROJECT,
    prefix: values.TIDEKEEPER_PREFIX,
    store: values.TIDEKEEPER_STORE,
    storeId: values.TIDEKEEPER_STORE_ID,
    local: rest === undefined || grpc === undefined ? undefined : { rest, grpc },
    clock: values.TIDEKEEPER_CLOCK,
  };
}
