/**
 * Ports for processes that tests start. They lie below the range from which the system gives ports to clients: between the
 * choice and the listening no outgoing connection of anybody takes them.
 */
import { createServer } from "node:net";

const [lowest, highest] = [20_000, 31_900];
/** Test files run in processes of their own, and each begins elsewhere. */
let next = lowest + (process.pid % 297) * 40;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** The first of `count` free ports in a row; none is given twice. */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    const base = next;
    next = base + count > highest ? lowest : base + count;
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(base + index)));
    if (free.every(Boolean)) return base;
  }
}
