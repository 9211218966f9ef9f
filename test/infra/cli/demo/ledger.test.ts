import { describe, expect, test } from "vitest";
import { createLedger, unanswered, unheardSince, wronglyAnswered } from "../../../../infra/cli/demo/ledger.ts";
import type { Outcome } from "../../../../shared/outcomes/outcome.ts";

function outcome(eventId: string, phase: Outcome["phase"], final: boolean): Outcome {
  return { id: `${eventId}/${phase}`, eventId, phase, final, what: "scale", why: "because", at: 0 };
}

const right = { event: { id: "right", type: "wake", target: "chat" }, refused: false } as const;
const wrong = { event: { id: "wrong", type: "wake", target: "chatt" }, refused: true } as const;

describe("The ledger", () => {
  test("counts an event as answered with its final outcome only", () => {
    const ledger = createLedger();
    ledger.sent(right, 5);
    ledger.heard(outcome("right", "accepted", false));
    ledger.heard(outcome("right", "started", false));
    expect(unanswered(ledger.events).map(({ id }) => id)).toEqual(["right"]);
    ledger.heard(outcome("right", "done", true));
    expect(unanswered(ledger.events)).toEqual([]);
  });

  test("hears each outcome once, however often it is delivered", () => {
    const ledger = createLedger();
    const notice = outcome("chat/lost/1", "preempted", true);
    expect([ledger.heard(notice), ledger.heard(notice), ledger.heard(notice)]).toEqual([true, false, false]);
    expect(ledger.notices).toHaveLength(1);
  });

  test("knows since when nothing has been heard of an event: one that is accepted has been heard", () => {
    const ledger = createLedger();
    ledger.sent(right, 5);
    expect(unheardSince(ledger.events)).toEqual([5]);
    ledger.heard(outcome("right", "accepted", false));
    expect(unheardSince(ledger.events)).toEqual([]);
  });

  test("keeps a final answer when an earlier step arrives after it", () => {
    const ledger = createLedger();
    ledger.sent(right, 5);
    ledger.heard(outcome("right", "done", true));
    ledger.heard(outcome("right", "accepted", false));
    expect(ledger.events[0]?.answer?.phase).toBe("done");
  });

  test("keeps an answer that is faster than the sender's own note", () => {
    const ledger = createLedger();
    ledger.heard(outcome("right", "done", true));
    ledger.sent(right, 5);
    expect(unanswered(ledger.events)).toEqual([]);
    expect(ledger.notices).toEqual([]);
  });

  test.each([
    ["a wrong event that was refused", wrong, "rejected", 0],
    ["a wrong event that was carried out", wrong, "done", 1],
    ["a right event that was refused", right, "rejected", 1],
    ["a right event that failed honestly", right, "failed", 0],
  ] as const)("judges %s", (_case, event, phase, mistakes) => {
    const ledger = createLedger();
    ledger.sent(event, 5);
    ledger.heard(outcome(event.event.id, phase, true));
    expect(wronglyAnswered(ledger.events)).toHaveLength(mistakes);
  });
});
