/** Ports that cannot be listened on. */
import { once } from "node:events";
import { createServer } from "node:net";

/** A port that somebody else has, or that may not be had. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";

  /** @param who what was to listen there, e.g. `The REST door`. */
  constructor(who: string, port: number, options: ErrorOptions) {
    super(`${who} cannot listen on port ${port}; is it taken? Choose another one.`, options);
  }
}

/**
 * Listens on a port for a moment, for servers that cannot be trusted to say well that they could not.
 * @param who as in {@link PortTaken}.
 * @throws PortTaken
 */
export async function mustBeFree(who: string, host: string, port: number): Promise<void> {
  const probe = createServer().listen({ host, port });
  try {
    await once(probe, "listening");
  } catch (cause) {
    throw new PortTaken(who, port, { cause });
  }
  probe.close();
  await once(probe, "close");
}
