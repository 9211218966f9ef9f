/**
 * The five functions, registered by name; functions-framework serves this file unbuilt. Each loads its own code on its
 * first call, so that a process pays for one function only.
 */
import { cloudEvent, http } from "@google-cloud/functions-framework";

cloudEvent("scale", async (event: unknown) => (await import("./scale.ts")).scale(event));
cloudEvent("redeploy", async (event: unknown) => (await import("./redeploy.ts")).redeploy(event));
cloudEvent("tick", async (event: unknown) => (await import("./tick.ts")).tick(event));
cloudEvent("reconcile", async (event: unknown) => (await import("./reconcile.ts")).reconcileTarget(event));
http("status", async (request, response) => (await import("./status.ts")).status(request, response));
