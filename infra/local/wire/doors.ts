/** Opens the two doors of the local cloud over one set of services. */
import type { ControlRoute } from "../control/route.ts";
import { loadDescriptors } from "./descriptors.ts";
import { createDispatcher } from "./dispatch.ts";
import { openGrpcDoor } from "./grpc-door.ts";
import { PortTaken } from "./port-taken.ts";
import { type Door, openRestDoor } from "./rest-door.ts";
import type { ServiceImplementation } from "./service.ts";

/** Options of {@link startDoors}. */
export interface DoorsOptions {
  readonly services: readonly ServiceImplementation[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly restPort: number;
  /** 0 = any free port. */
  readonly grpcPort: number;
  readonly extraRoutes?: readonly ControlRoute[];
  /** Answers UNAUTHENTICATED unless a bearer token is sent (any will do). Default false. */
  readonly requireBearerToken?: boolean;
  /** Largest request in bytes. Default 20 MiB: Pub/Sub's 10 MB in base64 fit. */
  readonly maxRequestBytes?: number;
}

/** Two open doors. */
export interface Doors {
  readonly restPort: number;
  readonly grpcPort: number;
  close(): Promise<void>;
}

/** Opens REST and gRPC. Rejects, with neither open, when a port is taken. */
export async function startDoors(options: DoorsOptions): Promise<Doors> {
  const { services, host = "127.0.0.1", restPort, grpcPort, extraRoutes = [], requireBearerToken = false } = options;
  const shared = {
    descriptors: loadDescriptors(),
    dispatcher: createDispatcher({ services, requireBearerToken }),
    host,
    maxRequestBytes: options.maxRequestBytes ?? 20 * 1024 * 1024,
  };
  const rest = await opened("REST", restPort, openRestDoor({ ...shared, port: restPort, extraRoutes }));
  try {
    const grpc = await opened("gRPC", grpcPort, openGrpcDoor({ ...shared, port: grpcPort }));
    return {
      restPort: rest.port,
      grpcPort: grpc.port,
      close: async () => {
        await Promise.all([rest.close(), grpc.close()]);
      },
    };
  } catch (error) {
    await rest.close();
    throw error;
  }
}

async function opened(name: string, port: number, opening: Promise<Door>): Promise<Door> {
  try {
    return await opening;
  } catch (cause) {
    throw cause instanceof PortTaken ? cause : new PortTaken(`The ${name} door`, port, { cause });
  }
}
