/** A push endpoint that notes what it gets and answers what it is told. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

interface Push {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PushTarget {
  readonly url: string;
  readonly received: Push[];
  /** HTTP status for the next requests; a promise holds the answer back. */
  answer: (push: Push) => number | Promise<number>;
  /** How many of the next requests are answered 502 before they are read, as a balancer without a backend does. */
  unread: number;
  close(): Promise<void>;
}

export async function startPushTarget(): Promise<PushTarget> {
  const received: Push[] = [];
  const server = createServer((request, response) => {
    if (target.unread > 0) {
      target.unread -= 1;
      response.writeHead(502).end();
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", async () => {
      const push = { headers: request.headers, body };
      received.push(push);
      response.statusCode = await target.answer(push);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target: PushTarget = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/projects/demo/topics/any`,
    received,
    answer: () => 204,
    unread: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return target;
}
