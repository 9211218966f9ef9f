/** The two Pub/Subs that one suite runs against: ours, and Google's emulator where Java and the Cloud SDK are installed. */
import { createWireClock } from "../../../../infra/local/clock/wire-clock.ts";
import { createPubsub } from "../../../../infra/local/pubsub/pubsub.ts";
import { startDoors } from "../../../../infra/local/wire/doors.ts";
import { startEmulator } from "../../../emulators/emulator.ts";

export interface Backend {
  /** `host:port` that speaks gRPC. */
  readonly grpc: string;
  /** Base URL that speaks REST. */
  readonly rest: string;
  close(): Promise<void>;
}

/** Starts ours. */
export async function startOurs(): Promise<Backend> {
  const wire = createWireClock();
  const pubsub = createPubsub({ wire });
  const doors = await startDoors({ services: pubsub.services, restPort: 0, grpcPort: 0 });
  return {
    grpc: `127.0.0.1:${doors.grpcPort}`,
    rest: `http://127.0.0.1:${doors.restPort}`,
    close: async () => {
      pubsub.close();
      wire.stop();
      await doors.close();
    },
  };
}

/** Starts Google's emulator; one port speaks both. */
export async function startGoogles(): Promise<Backend> {
  const { host, stop } = await startEmulator("pubsub");
  return { grpc: host, rest: `http://${host}`, close: stop };
}
