/** Pub/Sub: look at one target and close its gap. The only function that may change Vertex, and loads what that takes. */
import { openHome } from "../shared/home.ts";
import { receivePoke } from "../shared/receive.ts";
import type { VertexWriter } from "../shared/vertex/vertex.ts";

let writer: Promise<VertexWriter> | undefined;

/**
 * Reconciles the target that the delivered poke names.
 * @throws StoreUnavailable, the one reason to have it delivered again.
 */
export async function reconcileTarget(delivered: unknown): Promise<void> {
  const home = await openHome();
  await receivePoke(home, delivered, () => {
    writer ??= import("../shared/vertex/writer.ts").then(({ openWriter }) =>
      openWriter({ grpc: home.settings.local?.grpc }),
    );
    return writer;
  });
}
