/** The two leaves of a run in the ledger, in canonical JSON. */

import { type Bytes, equal } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { canonicalBytes, isObject, strictJson } from "./json.ts";
import { conform, SchemaFault } from "./schema.ts";
import { isForwards, type Period } from "./statement.ts";

export const MAX_LEAF_BYTES = 4096;
const STARTED = "probity.run-started/v1";
const COMPLETED = "probity.run-completed/v1";

/** Written before any evidence is gathered. */
export interface RunStarted {
  readonly schema: typeof STARTED;
  readonly contract: string;
  readonly sequence: number;
  readonly run: string;
  readonly period: Period;
  readonly started_at: string;
}

/** Written when the seals exist; commits to the statement, never to a signature. */
export interface RunCompleted {
  readonly schema: typeof COMPLETED;
  readonly contract: string;
  readonly sequence: number;
  readonly run: string;
  readonly start: string;
  readonly statement: string;
  readonly status: string;
  readonly previous: string | null;
}

/** Read a leaf; LEDGER_ENTRY_FORM unless it is exactly what the ledger writes. */
export function parse(leaf: Bytes): RunStarted | RunCompleted {
  if (leaf.length > MAX_LEAF_BYTES) throw malformed(`is larger than ${MAX_LEAF_BYTES} bytes`);
  const value = strictJson(leaf, "leaf", malformed);
  const isStart = isObject(value) && value["schema"] === STARTED;
  try {
    conform(value, isStart ? "runStarted" : "runCompleted", "written");
  } catch (cause) {
    if (cause instanceof SchemaFault) throw malformed("is neither the start nor the completion of a run");
    throw cause;
  }
  const canonical = canonicalBytes(value);
  if (canonical === null || !equal(canonical, leaf)) throw malformed("is not in canonical form (RFC 8785)");
  const entry = value as unknown as RunStarted | RunCompleted;
  if (isStarted(entry) && !isForwards(entry.period)) throw malformed("has a period that does not end after it starts");
  return entry;
}

export function isStarted(entry: RunStarted | RunCompleted): entry is RunStarted {
  return entry.schema === STARTED;
}

function malformed(what: string): VerificationError {
  return new VerificationError("LEDGER_ENTRY_FORM", what.startsWith("leaf") ? what : `a leaf ${what}`);
}
