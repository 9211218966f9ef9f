/** Who types the command: what others read when they ask who held, paused or applied something. */
import { userInfo } from "node:os";

/** The name of this machine's user, or what stands for it where the machine knows none, as in many containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "somebody";
  }
}
