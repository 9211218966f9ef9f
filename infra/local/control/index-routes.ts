/** `/` and `/healthz`: what runs here. */
import type { Descriptors } from "../wire/descriptors.ts";
import type { JsonObject, ServiceImplementation } from "../wire/service.ts";
import { type ControlRoute, HtmlPage } from "./route.ts";

/** What the index shows. */
export interface IndexOptions {
  readonly services: readonly ServiceImplementation[];
  readonly routes: readonly ControlRoute[];
  readonly descriptors: Descriptors;
}

/** The index, HTML for browsers and JSON for others, and a health check. */
export function indexRoutes(options: IndexOptions): ControlRoute[] {
  const own: ControlRoute[] = [
    {
      method: "GET",
      path: "/",
      about: "this page",
      handle: (_body, _query, headers) => {
        const index = describe({ ...options, routes: [...own, ...options.routes] });
        return headers["accept"]?.includes("text/html") ? new HtmlPage(page(index)) : index;
      },
    },
    { method: "GET", path: "/healthz", about: "answers when the doors are open", handle: () => ({ status: "ok" }) },
  ];
  return own;
}

type Index = JsonObject & {
  routes: { method: string; path: string; about: string }[];
  services: { name: string; methods: string[]; unimplemented: string[] }[];
};

function describe({ services, routes, descriptors }: IndexOptions): Index {
  return {
    name: "A local cloud: Vertex AI, Pub/Sub and Cloud Scheduler on this machine",
    routes: routes.map(({ method, path, about = "" }) => ({ method, path, about })),
    services: services
      .flatMap((service) => service.names.map((name) => ({ name, service })))
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ name, service }) => {
        const known = descriptors.methods.filter((method) => method.service === name).map((method) => method.name);
        const built = { ...service.unary, ...service.streams };
        return {
          name,
          methods: known.filter((method) => Object.hasOwn(built, method)),
          unimplemented: known.filter((method) => !Object.hasOwn(built, method)),
        };
      }),
  };
}

function page({ name, routes, services }: Index): string {
  const routeRows = routes
    .map(({ method, path, about }) => {
      const shown = method === "GET" ? `<a href="${escaped(path)}">${escaped(path)}</a>` : escaped(path);
      return `<tr><td>${method}</td><td>${shown}</td><td>${escaped(about)}</td></tr>`;
    })
    .join("\n");
  const serviceRows = services
    .map(
      (service) =>
        `<tr><td>${escaped(service.name)}</td><td>${service.methods.map(escaped).join(", ")}</td><td>${service.unimplemented.length}</td></tr>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local cloud</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
</style>
<h1>${escaped(String(name))}</h1>
<p>The REST door serves Google's paths below <code>/v1</code> and <code>/v1beta1</code>; the gRPC door is another port.</p>
<h2>Its own affairs</h2>
<table><tr><th>Method</th><th>Path</th><th>What</th></tr>
${routeRows}</table>
<h2>Services</h2>
<table><tr><th>Service</th><th>Methods</th><th>Not built</th></tr>
${serviceRows}</table>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
