/** A read as a look: an error of Vertex is `unknown`, never a guess and never a crash. */
import type { Look } from "../decide/decision.ts";
import { VertexError } from "./errors.ts";

/**
 * Turns a read into a look.
 * @throws whatever is not a {@link VertexError}: a bug must not pass for an outage.
 */
export async function look<T>(read: Promise<T | undefined>): Promise<Look<T>> {
  try {
    const value = await read;
    return value === undefined ? { look: "absent" } : { look: "present", value };
  } catch (error) {
    if (!(error instanceof VertexError)) throw error;
    return { look: "unknown", why: error.message };
  }
}
