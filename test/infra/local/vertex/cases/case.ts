/** One documented behaviour: a row of infra/local/BEHAVIOUR.md and a test on every transport. */
import type { Service } from "../service.ts";

export interface Case {
  /** Name of the test. */
  readonly title: string;
  /** What the service does. */
  readonly does: string;
  /** Where that is known from; `undocumented` = our choice. */
  readonly source: string;
  run(service: Service): Promise<void>;
}
