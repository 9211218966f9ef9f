/**
 * A message that was set aside, as the attributes of its dead letter. A message has up to 100 attributes of 1,024 bytes
 * (cloud.google.com/pubsub/quotas#resource_limits), so the original ones are written as JSON in as many pieces as it takes.
 */
import { z } from "zod";

/** Why and where a message was set aside. */
export interface SetAside {
  readonly reason: string;
  /** The function that could not handle it. */
  readonly function: string;
  readonly messageId: string;
  /** Its own attributes; undefined where they were too long to be kept. */
  readonly attributes: Readonly<Record<string, string>> | undefined;
}

/** Bytes of a value; Pub/Sub takes 1,024. */
const longestValue = 1_000;
/** Pieces of the original attributes: the rest of the hundred is for the letter's own. */
const mostPieces = 90;

const attributesSchema = z.record(z.string(), z.string());
const piece = (index: number) => (index === 0 ? "originalAttributes" : `originalAttributes-${index}`);

function cut(text: string): string {
  let short = text.slice(0, longestValue);
  while (Buffer.byteLength(short) > longestValue) short = short.slice(0, -1);
  return short;
}

/** JSON of ASCII alone: each character is a byte, and none is split between two pieces. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The dead letter's attributes. A reason that is too long is cut; original attributes are kept whole or not at all. */
export function letterAttributes({
  reason,
  function: by,
  messageId,
  attributes = {},
}: SetAside): Record<string, string> {
  const json = asciiJson(attributes);
  const pieces = Array.from({ length: Math.ceil(json.length / longestValue) }, (_, index) =>
    json.slice(index * longestValue, (index + 1) * longestValue),
  );
  return {
    reason: cut(reason),
    function: by,
    messageId: cut(messageId),
    ...(pieces.length > mostPieces ? {} : Object.fromEntries(pieces.map((text, index) => [piece(index), text]))),
  };
}

/** Reads {@link letterAttributes} back; undefined for a letter that was not written by it. */
export function readLetterAttributes(letter: Readonly<Record<string, string>>): SetAside | undefined {
  const { reason, function: by, messageId } = letter;
  if (reason === undefined || by === undefined || messageId === undefined) return undefined;
  let json = "";
  for (let index = 0; letter[piece(index)] !== undefined; index++) json += letter[piece(index)];
  return { reason, function: by, messageId, attributes: readAttributes(json) };
}

function readAttributes(json: string): SetAside["attributes"] {
  try {
    return attributesSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
