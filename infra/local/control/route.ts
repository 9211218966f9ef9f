/** Routes of the local cloud's own affairs (clock, faults, market, billing): plain HTTP under the REST port, no Google API. */
import type { Json } from "../wire/service.ts";

/** An HTML answer, for people. */
export class HtmlPage {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

/** One route, matched by exact method and path before any Google route. */
export interface ControlRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Exact path, e.g. `/faults`. */
  readonly path: string;
  /** What it is for, in a few words: shown on the index page. */
  readonly about?: string;
  /**
   * Answers a call. `body` is null when none was sent; `query` has the last value of each parameter; `headers` are lower-case.
   * Throws ApiError for what the caller did wrong.
   */
  handle(
    body: Json,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ): Json | HtmlPage | Promise<Json | HtmlPage>;
}
