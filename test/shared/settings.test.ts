/** What a process is told through the environment: whole, or refused. */
import { describe, expect, test } from "vitest";
import { readSettings } from "../../shared/settings.ts";

const google = { TIDEKEEPER_PROJECT: "demo", TIDEKEEPER_STORE: "firestore:demo" };
const rest = { TIDEKEEPER_VERTEX_REST: "http://127.0.0.1:9000" };
const grpc = { TIDEKEEPER_VERTEX_GRPC: "127.0.0.1:9001" };
const clock = { TIDEKEEPER_CLOCK: "http://127.0.0.1:9000/clock" };

describe("settings", () => {
  test("Google Cloud needs a project and a store", () => {
    expect(readSettings(google)).toMatchObject({ project: "demo", prefix: "tidekeeper", local: undefined });
    expect(() => readSettings({})).toThrow(/TIDEKEEPER_PROJECT: .*; TIDEKEEPER_STORE: /);
  });

  test("a local cloud needs both doors", () => {
    expect(readSettings({ ...google, ...rest, ...grpc, ...clock }).local).toEqual({
      rest: "http://127.0.0.1:9000",
      grpc: "127.0.0.1:9001",
    });
  });

  test.each([
    { given: "REST without gRPC", environment: { ...rest, ...clock }, missing: "TIDEKEEPER_VERTEX_GRPC is missing" },
    { given: "gRPC without REST", environment: grpc, missing: "TIDEKEEPER_VERTEX_REST is missing" },
    {
      given: "a fast clock alone",
      environment: clock,
      missing: "TIDEKEEPER_VERTEX_REST and TIDEKEEPER_VERTEX_GRPC are missing",
    },
  ])("$given would act on Google Cloud: refused", ({ environment, missing }) => {
    expect(() => readSettings({ ...google, ...environment })).toThrow(missing);
  });
});
