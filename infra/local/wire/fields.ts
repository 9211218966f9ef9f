/** The fields of a message as JSON sees them. */
import protobuf from "protobufjs";
import { optionsOf } from "./descriptors.ts";
import { snakeCase } from "./json.ts";

/** Scalar types of protocol buffers. */
export type Scalar = "double" | "float" | IntegerScalar | "bool" | "string" | "bytes";
/** Integer types of protocol buffers. */
export type IntegerScalar =
  | "int32"
  | "uint32"
  | "sint32"
  | "fixed32"
  | "sfixed32"
  | "int64"
  | "uint64"
  | "sint64"
  | "fixed64"
  | "sfixed64";

/** What a field holds. */
export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "enum"; readonly enum: protobuf.Enum }
  | { readonly kind: "message"; readonly message: protobuf.Type };

/** One field. */
export interface FieldShape {
  /** Name in JSON: lowerCamelCase. */
  readonly name: string;
  /** Name in the .proto file: snake_case, which error messages use. */
  readonly protoName: string;
  readonly type: FieldType;
  readonly cardinality: "one" | "many" | "map";
  /** Whether a zero is told from nothing. */
  readonly presence: boolean;
  /** The real (not synthetic) oneof it belongs to. */
  readonly oneof: string | undefined;
  /** From `google.api.field_behavior`. */
  readonly required: boolean;
  /** From `google.api.field_behavior`. */
  readonly outputOnly: boolean;
}

/** The fields of one message, found by either spelling. */
export interface MessageShape {
  readonly fields: readonly FieldShape[];
  find(name: string): FieldShape | undefined;
}

const shapes = new WeakMap<protobuf.Type, MessageShape>();

/** The shape of a message type; computed once per type. */
export function shapeOf(type: protobuf.Type): MessageShape {
  let shape = shapes.get(type);
  if (shape === undefined) {
    const fields = type.fieldsArray.map(fieldShape);
    const byName = new Map(
      fields.flatMap((field) => [[field.protoName, field] as const, [field.name, field] as const]),
    );
    shape = { fields, find: (name) => byName.get(name) };
    shapes.set(type, shape);
  }
  return shape;
}

function fieldShape(field: protobuf.Field): FieldShape {
  field.resolve();
  const type = fieldType(field);
  const cardinality = field.map ? "map" : field.repeated ? "many" : "one";
  const behaviors = optionsOf(field)
    .filter(([key]) => key === "(google.api.field_behavior)")
    .flatMap(([, value]) => value as string | string[]);
  const oneof = field.partOf;
  return {
    name: field.name,
    protoName: snakeCase(field.name),
    type,
    cardinality,
    presence: cardinality === "one" && (type.kind === "message" || oneof !== null),
    oneof: oneof && oneof.name !== `_${field.name}` ? oneof.name : undefined,
    required: behaviors.includes("REQUIRED"),
    outputOnly: behaviors.includes("OUTPUT_ONLY"),
  };
}

function fieldType(field: protobuf.Field): FieldType {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return { kind: "enum", enum: resolvedType };
  if (resolvedType instanceof protobuf.Type) return { kind: "message", message: resolvedType };
  return { kind: "scalar", scalar: field.type as Scalar };
}
