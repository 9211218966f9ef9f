import { expect, test } from "vitest";
import { pubsubReason } from "../../../shared/events/pubsub-reason.ts";

test("a silent Pub/Sub is told in one line, without the list of tries", () => {
  const tried = "{message: 14 UNAVAILABLE: No connection established., code: 14, details: , note: }";
  const dump = `Total timeout of API google.pubsub.v1.Publisher exceeded 15000 milliseconds retrying error Error: 14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:443. Resolution note:   before any response was received. : Previous errors : [${tried},${tried}]`;
  expect(pubsubReason(new Error(dump))).toBe(
    "no success within 15 s: 14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:443.",
  );
  expect(
    pubsubReason(
      new Error(
        "Total timeout of API google.pubsub.v1.Publisher exceeded 600 milliseconds  before any response was received.",
      ),
    ),
  ).toBe("no success within 0.6 s");
  expect(pubsubReason(new Error("5 NOT_FOUND: no such topic"))).toBe("5 NOT_FOUND: no such topic");
});
