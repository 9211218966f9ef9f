/** Real texts of Vertex AI and what each means: the reference of shared/vertex/classify.ts. */
import { describe, expect, test } from "vitest";
import { classify, classifyStatus } from "../../../shared/vertex/classify.ts";
import { type ErrorClass, VertexError } from "../../../shared/vertex/errors.ts";

const codes = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
type Code = keyof typeof codes;

const stockoutText = "Machine type temporarily unavailable, please deploy with a different machine type or retry.";
const newStockoutText =
  'Machine type temporarily unavailable, please deploy with a different machine type or retry. Machine type: "g2-standard-24". Accelerator type: "nvidia-l4". Consider region europe-west4.';
const trainingQuota =
  "The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus";
const servingQuota = "The following quotas are exceeded: CustomModelServingA10080GBGPUsPerProjectPerRegion";
const spotQuota = "The following quotas are exceeded: CustomModelServingPreemptibleH100GPUsPerProjectPerRegion";
const submissionRate =
  "Quota exceeded for quota metric 'Long running operation submission requests' and limit 'Long running operation submission requests per minute per region' of service 'aiplatform.googleapis.com' for consumer 'project_number:123'.";
const busyText =
  "There are other operations running on the Endpoint projects/1/locations/us-central1/endpoints/7. Operation IDs are: [5001].";

interface Row {
  readonly when: string;
  readonly code: Code;
  readonly text: string;
  readonly is: ErrorClass;
  readonly refused: boolean;
}

const rows: readonly Row[] = [
  { when: "stock-out at deploy", code: "UNAVAILABLE", text: stockoutText, is: "stockout", refused: true },
  { when: "stock-out naming the machine", code: "UNAVAILABLE", text: newStockoutText, is: "stockout", refused: true },
  { when: "STOCKOUT by name", code: "INTERNAL", text: "Job failed: STOCKOUT", is: "stockout", refused: true },
  {
    when: "not enough resources",
    code: "RESOURCE_EXHAUSTED",
    text: "The zone does not have enough resources available to fulfill the request.",
    is: "stockout",
    refused: true,
  },
  { when: "exhausted without more", code: "RESOURCE_EXHAUSTED", text: "exhausted", is: "stockout", refused: true },
  { when: "training quota", code: "RESOURCE_EXHAUSTED", text: trainingQuota, is: "quota", refused: true },
  { when: "serving quota", code: "RESOURCE_EXHAUSTED", text: servingQuota, is: "quota", refused: true },
  { when: "Spot quota", code: "RESOURCE_EXHAUSTED", text: spotQuota, is: "quota", refused: true },
  {
    when: "the 503 text with a quota of zero",
    code: "UNAVAILABLE",
    text: `${stockoutText} Your quota is 0.`,
    is: "quota",
    refused: true,
  },
  { when: "submissions a minute", code: "RESOURCE_EXHAUSTED", text: submissionRate, is: "throttled", refused: true },
  {
    when: "a rate without a name",
    code: "RESOURCE_EXHAUSTED",
    text: "Resource has been exhausted (e.g. check quota).",
    is: "throttled",
    refused: true,
  },
  { when: "another operation runs", code: "FAILED_PRECONDITION", text: busyText, is: "busy", refused: true },
  {
    when: "delete blocked by a model",
    code: "FAILED_PRECONDITION",
    text: "Endpoint has deployed or being-deployed DeployedModel(s)",
    is: "conflict",
    refused: true,
  },
  {
    when: "delete of what is being deleted",
    code: "FAILED_PRECONDITION",
    text: "The persistent resource is being deleted.",
    is: "conflict",
    refused: true,
  },
  { when: "etag", code: "ABORTED", text: "The etag does not match.", is: "conflict", refused: true },
  {
    when: "container crash",
    code: "INVALID_ARGUMENT",
    text: "Model server exited unexpectedly. Model server logs can be found at ...",
    is: "model-fault",
    refused: true,
  },
  {
    when: "container never ready",
    code: "FAILED_PRECONDITION",
    text: "Failed to deploy model: model server never became ready.",
    is: "model-fault",
    refused: true,
  },
  {
    when: "container crash whose log speaks of quotas",
    code: "INTERNAL",
    text: "Model server exited unexpectedly: quota of tokens",
    is: "model-fault",
    refused: true,
  },
  {
    when: "what the service does not do",
    code: "FAILED_PRECONDITION",
    text: "Updating the PersistentResource is not supported.",
    is: "invalid",
    refused: true,
  },
  { when: "bad request", code: "INVALID_ARGUMENT", text: "Invalid machine type.", is: "invalid", refused: true },
  { when: "id taken", code: "ALREADY_EXISTS", text: "pool exists", is: "exists", refused: true },
  { when: "not there", code: "NOT_FOUND", text: "Endpoint quota-test is not found.", is: "gone", refused: true },
  { when: "no permission", code: "PERMISSION_DENIED", text: "quota project missing", is: "denied", refused: true },
  {
    when: "no credentials",
    code: "UNAUTHENTICATED",
    text: "Request had invalid credentials",
    is: "denied",
    refused: true,
  },
  { when: "no such method", code: "UNIMPLEMENTED", text: "not here", is: "invalid", refused: true },
  {
    when: "the quota service away",
    code: "UNAVAILABLE",
    text: "quota check failed",
    is: "unavailable",
    refused: false,
  },
  { when: "service away", code: "UNAVAILABLE", text: "502:Bad Gateway", is: "unavailable", refused: false },
  {
    when: "no answer in time",
    code: "DEADLINE_EXCEEDED",
    text: "Deadline exceeded",
    is: "unavailable",
    refused: false,
  },
  { when: "cancelled call", code: "CANCELLED", text: "Call cancelled", is: "unavailable", refused: false },
  { when: "internal", code: "INTERNAL", text: "Internal error encountered.", is: "unavailable", refused: false },
  { when: "unknown", code: "UNKNOWN", text: "?", is: "unavailable", refused: false },
];

const http: { readonly [C in Code]?: number } = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
};

describe("one error means the same through gRPC and REST", () => {
  test.each(rows)("$when ($code) is $is", ({ code, text, is, refused }) => {
    const grpc = Object.assign(new Error(`${codes[code]} ${code}: ${text}`), { code: codes[code], details: text });
    const body = { error: { code: http[code] ?? 500, status: code, message: text } };
    for (const error of [
      grpc,
      { response: { status: http[code] ?? 500, data: body } },
      { response: { status: http[code] ?? 500, data: JSON.stringify(body) } },
      body,
    ]) {
      const found = classify(error, "deploy to endpoint 7");
      expect(found).toBeInstanceOf(VertexError);
      expect(found).toMatchObject({ class: is, refused, code: codes[code] });
      expect(found.message).toBe(`deploy to endpoint 7: ${code}: ${text}`);
    }
  });
});

describe("a failed operation", () => {
  test.each([
    { when: "stock-out", code: codes.UNAVAILABLE, message: stockoutText, is: "stockout" },
    { when: "machines, though no text says so", code: codes.UNAVAILABLE, message: "unavailable", is: "stockout" },
    { when: "exhausted", code: codes.RESOURCE_EXHAUSTED, message: "no more", is: "stockout" },
    { when: "quota", code: codes.RESOURCE_EXHAUSTED, message: servingQuota, is: "quota" },
    { when: "container", code: codes.INVALID_ARGUMENT, message: "Model server exited unexpectedly", is: "model-fault" },
    { when: "cancelled by somebody", code: codes.CANCELLED, message: "cancelled", is: "conflict" },
    { when: "internal", code: codes.INTERNAL, message: "internal", is: "unavailable" },
  ] as const)("$when is $is", ({ code, message, is }) => {
    expect(classifyStatus({ code, message })).toMatchObject({ class: is, code });
  });
});

describe("errors that never were an answer of the service", () => {
  test.each([
    {
      when: "connection refused",
      error: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
      is: "unavailable",
    },
    {
      when: "time out",
      error: Object.assign(new Error("The operation timed out"), { code: "TimeoutError" }),
      is: "unavailable",
    },
    {
      when: "fetch failed",
      error: new TypeError("", { cause: new Error("getaddrinfo ENOTFOUND") }),
      is: "unavailable",
    },
    {
      when: "a proxy's page",
      error: { response: { status: 502, data: "<html>Bad Gateway</html>" } },
      is: "unavailable",
    },
    {
      when: "a proxy's 404, which knows nothing of the resource",
      error: { response: { status: 404, data: "<html>Error 404 (Not Found)!!1</html>" } },
      is: "unavailable",
    },
    {
      when: "the metadata server's 404: it has no token for us",
      error: { response: { status: 404, data: "Not Found" } },
      is: "unavailable",
    },
    { when: "a proxy's 429", error: { response: { status: 429, data: "rate limited, retry" } }, is: "throttled" },
    { when: "no credentials", error: new Error("Could not load the default credentials. Browse to ..."), is: "denied" },
    { when: "something thrown", error: "boom", is: "unavailable" },
  ] as const)("$when is $is", ({ error, is }) => {
    expect(classify(error).class).toBe(is);
  });

  test("an error that has been classified stays what it is", () => {
    const error = new VertexError("x", { class: "busy", code: 9, refused: true });
    expect(classify(error, "again")).toBe(error);
  });
});
