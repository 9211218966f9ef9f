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
    expect(() => readSettings({})).toThrow(
      /^TIDEKEEPER_PROJECT and TIDEKEEPER_STORE are not set\. Set TIDEKEEPER_PROJECT/,
    );
    expect(() => readSettings({ TIDEKEEPER_PROJECT: "demo", TIDEKEEPER_STORE: "" })).toThrow(
      /^TIDEKEEPER_STORE is not set\./,
    );
  });

  test("every variable that is wrong is told, with what it is", () => {
    const wrong = { ...rest, TIDEKEEPER_VERTEX_REST: "here", TIDEKEEPER_VERTEX_GRPC: "8091", TIDEKEEPER_STORE_ID: "" };
    expect(() => readSettings({ ...google, ...wrong })).toThrow(
      /^TIDEKEEPER_STORE_ID is set to nothing; TIDEKEEPER_VERTEX_REST is "here", which is no URL like http.*; TIDEKEEPER_VERTEX_GRPC is "8091", which is no address like 127\.0\.0\.1:8091\. /,
    );
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
