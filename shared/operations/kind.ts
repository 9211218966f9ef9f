/** What every kind of operation must know of itself: how it is sent, and how it is recognised again after a crash. */
import type { Look } from "../decide/decision.ts";
import type { Millis } from "../time/clock.ts";
import type {
  CallLimits,
  CustomJob,
  Endpoint,
  Listing,
  LongRunningOperation,
  PersistentResource,
  VertexWriter,
} from "../vertex/vertex.ts";
import type { Change, ChangeKind, FailureClass, Held } from "./operation.ts";

/** The change of one kind. */
export type ChangeOf<K extends ChangeKind> = Extract<Change, { kind: K }>;

/** Kinds that change an endpoint; all others change a persistent resource. */
type EndpointChangeKind = "deploy" | "undeploy" | "mutate" | "traffic";

/** What is looked at to see a kind's effect. */
type ViewOf<K extends ChangeKind> = K extends EndpointChangeKind ? Endpoint : PersistentResource;

/** Everything that was looked up about one held operation. */
export interface Facts<V = PersistentResource | Endpoint> {
  readonly resource: Look<V>;
  /** By the name recorded; absent when none was. */
  readonly operation?: Look<LongRunningOperation>;
  /** Under the resource; read when no name was recorded. */
  readonly operations?: Look<Listing<LongRunningOperation>>;
  /** Jobs that carry the label of a submission. */
  readonly jobs?: Look<Listing<CustomJob>>;
}

/** What the resource says about a change, whatever its operation says. */
export type Recognition =
  /** It shows what was asked for. */
  | {
      readonly seen: "effect";
      readonly note: string;
      /** It bears our mark: our call was made, and is not still to come. */
      readonly ours?: true;
    }
  /** It shows that the change is on its way. */
  | { readonly seen: "under-way"; readonly note: string }
  /** It shows that the change has not been carried out, so far. */
  | { readonly seen: "nothing"; readonly note: string }
  /** It shows that the change can not be carried out any more. */
  | { readonly seen: "impossible"; readonly class: FailureClass; readonly note: string }
  /** This kind leaves no trace on the resource: only its operation tells. */
  | { readonly seen: "no-trace" }
  | { readonly seen: "unknown"; readonly why: string };

/** What a changing call answered. */
export type Sent =
  | { readonly sent: "operation"; readonly name: string }
  /** The call was synchronous: it is done. */
  | { readonly sent: "done"; readonly note: string };

/** One kind of operation. */
export interface OperationKind<K extends ChangeKind> {
  readonly kind: K;
  /** Last word of the `@type` of its operations' metadata; undefined: synchronous. */
  readonly metadata: string | undefined;
  /** Whether it may be sent again when nobody knows whether it was: what happens twice must be the same as once. */
  readonly repeatable: boolean;
  /** World time after which it is not expected to end by itself any more (real durations: vertex-api.md 1.5, 3.1). */
  readonly limit: Millis;
  /**
   * Whether the resource, as read right before the call, still is what the change was decided for.
   * @returns why not; absent for kinds that need no look.
   */
  readonly refuse?: (change: ChangeOf<K>, view: Look<ViewOf<K>>) => Recognition | undefined;
  /** Calls Vertex once. `view` is what {@link OperationKind.refuse} let pass. */
  readonly send: (
    writer: VertexWriter,
    change: ChangeOf<K>,
    limits: CallLimits,
    view: Look<ViewOf<K>>,
  ) => Promise<Sent>;
  readonly recognise: (change: ChangeOf<K>, held: Held, facts: Facts<ViewOf<K>>) => Recognition;
  /** A few words for people, e.g. `resize pool-1 2 -> 4`. */
  readonly describe: (change: ChangeOf<K>) => string;
}
