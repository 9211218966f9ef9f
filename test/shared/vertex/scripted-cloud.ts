/** The far side of the wire: the local cloud's doors over handlers that a test scripts, recording what arrived. */
import { startDoors } from "../../../infra/local/wire/doors.ts";
import type { JsonObject, UnaryHandler } from "../../../infra/local/wire/service.ts";

/** One call as it arrived. */
interface Arrival {
  readonly method: string;
  readonly request: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

const services = ["PersistentResourceService", "EndpointService", "JobService"];

/** Opens both doors; `handlers` are by RPC name, e.g. `GetEndpoint`. */
export async function openScriptedCloud(handlers: Readonly<Record<string, UnaryHandler>>) {
  const arrivals: Arrival[] = [];
  const unary = Object.fromEntries(
    Object.entries(handlers).map(([name, handle]): [string, UnaryHandler] => [
      name,
      (request, call) => {
        arrivals.push({ method: call.method, request, headers: call.headers });
        return handle(request, call);
      },
    ]),
  );
  const doors = await startDoors({
    services: [
      {
        names: [
          "google.longrunning.Operations",
          ...services.flatMap((name) => ["v1", "v1beta1"].map((v) => `google.cloud.aiplatform.${v}.${name}`)),
        ],
        unary,
      },
    ],
    restPort: 0,
    grpcPort: 0,
  });
  return {
    arrivals,
    rest: `http://127.0.0.1:${doors.restPort}`,
    grpc: `127.0.0.1:${doors.grpcPort}`,
    close: () => doors.close(),
  };
}
