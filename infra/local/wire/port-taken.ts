/** A port that a door cannot listen on. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";

  /** @param door what listens there, e.g. `REST`. */
  constructor(door: string, port: number, options: ErrorOptions) {
    super(`The ${door} door cannot listen on port ${port}; is it taken? Choose another one.`, options);
  }
}
