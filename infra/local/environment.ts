/** Environment variables that point gcloud and Google's Node clients at a local cloud. */

/** Where a local cloud is. */
export interface Whereabouts {
  readonly host: string;
  readonly restPort: number;
  readonly grpcPort: number;
  /** gcloud's and the clients' default project; the cloud takes any. */
  readonly project: string;
}

/** The variables for a local cloud at `where`, running or not yet. */
export function environmentOf({ host, restPort, grpcPort, project }: Whereabouts): Record<string, string> {
  // gcloud appends to it: the slash at the end is needed.
  const rest = `http://${host}:${restPort}/`;
  return {
    CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: rest,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER: rest,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: rest,
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: "true",
    CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
    CLOUDSDK_CORE_PROJECT: project,
    METADATA_SERVER_DETECTION: "none",
    PUBSUB_EMULATOR_HOST: `${host}:${grpcPort}`,
    PUBSUB_PROJECT_ID: project,
  };
}
