/**
 * Gives a fresh local cloud what the fleet takes for granted: the endpoints and models of its Spot models. Persistent
 * resources are not made: creating them is Tidekeeper's own work.
 */
import type { Fleet } from "../../../shared/fleet/fleet.ts";
import { parseName } from "../../../shared/vertex/names.ts";

async function ensure(url: string, create: () => Promise<Response>): Promise<void> {
  const present = await fetch(url);
  if (present.ok) return;
  const made = await create();
  // 409: somebody made it meanwhile, e.g. two targets that share an endpoint.
  if (!made.ok && made.status !== 409) throw new Error(`the local cloud refused to make ${url}: ${await made.text()}`);
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** An upload takes at most this long in the local cloud's world, in seconds. */
const uploadTakes = 30;

/**
 * Creates what is missing, through the REST door; then lets so much time pass that it is there.
 * @param rest `http://127.0.0.1:PORT`
 */
export async function seed(rest: string, fleet: Fleet): Promise<void> {
  const models = fleet.targets.filter((target) => target.kind === "spotModel");
  await Promise.all(
    models.map(async ({ endpoint, model, name }) => {
      const at = parseName(endpoint);
      const source = parseName(model);
      if (at === undefined || source === undefined) return;
      const endpoints = `${rest}/v1/projects/${at.project}/locations/${at.location}/endpoints`;
      const modelId = source.id.split("@")[0] ?? source.id;
      const modelsUrl = `${rest}/v1/projects/${source.project}/locations/${source.location}/models`;
      await ensure(`${endpoints}/${at.id}`, () =>
        post(`${endpoints}?endpointId=${at.id}`, { displayName: `${name}-endpoint` }),
      );
      await ensure(`${modelsUrl}/${modelId}`, () =>
        post(`${modelsUrl}:upload`, {
          modelId,
          model: { displayName: modelId, containerSpec: { imageUri: "us-docker.pkg.dev/demo/serving/server:latest" } },
        }),
      );
    }),
  );
  // Else the first deploy would fail for want of its model, and be tried again only later.
  if (models.length > 0) await post(`${rest}/clock`, { advanceSeconds: uploadTakes });
}
