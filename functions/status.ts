/** HTTP: the status page and its JSON (`?format=json`, or an Accept header that prefers JSON). */
import type { Request, Response } from "@google-cloud/functions-framework";
import { openHome } from "../shared/home.ts";
import { readStatus } from "../shared/status/report.ts";

/** Answers GET and HEAD; anything else is 405. */
export async function status(request: Request, response: Response): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.set("Allow", "GET, HEAD").status(405).send("Only GET and HEAD are answered here.\n");
    return;
  }
  if (request.path !== "/" && request.path !== "/status") {
    response.status(404).send("There is one page here: /\n");
    return;
  }
  const home = await openHome();
  const report = await readStatus(home.store, await home.clock());
  const wanted = request.query["format"] === "json" ? "json" : request.accepts(["html", "json"]);
  response.set("Cache-Control", "no-store");
  if (wanted === "json") {
    response.json(report);
    return;
  }
  const { statusPage } = await import("../shared/status/page.ts");
  response.type("html").send(statusPage(report));
}
