/** The one signed fact: an in-toto Statement v1 that names the tag manifest and says what the audit found. */

import { type Bytes, equal, utf8 } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { instantText, parseInstant } from "./instant.ts";
import { canonicalBytes, type JsonObject, strictJson } from "./json.ts";
import { conform, SchemaFault } from "./schema.ts";

export interface Period {
  readonly from: string;
  readonly to: string;
}

/** What the seal says of the audit, with the field names of the statement. */
export interface Facts {
  readonly run: string;
  readonly contract: { readonly id: string; readonly version: number; readonly sha256: string };
  readonly period: Period;
  readonly as_of: string;
  readonly status: string;
  readonly findings_sha256: string;
  readonly sealed_at: string;
  readonly tool: string;
  readonly previous?: string;
  readonly ledger?: { readonly origin: string; readonly sequence: number; readonly start: string };
}

export interface Statement {
  readonly predicate: Facts;
  readonly tagManifestSha256: string;
}

/** Read a signed statement; STATEMENT_FORM unless it is exactly what the sealer writes for the same facts. */
export function parse(data: Bytes): Statement {
  const value = strictJson(data, "statement", malformed);
  try {
    conform(value, "statement", "written");
  } catch (cause) {
    if (cause instanceof SchemaFault) throw malformed(`statement: ${cause.message}`);
    throw cause;
  }
  const canonical = canonicalBytes(value);
  if (canonical === null || !equal(canonical, data)) throw malformed("statement: not in canonical form (RFC 8785)");
  const held = value as JsonObject;
  const facts = held["predicate"] as unknown as Facts;
  if (!isForwards(facts.period)) throw malformed("statement: a period must end after it starts");
  const length = [...facts.contract.id].length;
  if (!isPrintable(facts.contract.id) || length < 1 || length > 200)
    throw malformed("statement: a contract id is one line of 1 to 200 printable characters");
  const subject = held["subject"] as unknown as [{ digest: { sha256: string } }];
  return { predicate: facts, tagManifestSha256: subject[0].digest.sha256 };
}

export function isForwards(period: Period): boolean {
  return parseInstant(period.from)! < parseInstant(period.to)!;
}

/** Return whether a text is one line of printable characters: no control, no separator but the space. */
export function isPrintable(text: string): boolean {
  return /^(?: |[^\p{C}\p{Z}])*$/u.test(text);
}

/** Return bag-info.txt (RFC 8493 section 2.2.2), derived from the signed facts and from nothing else. */
export function bagInfo(facts: Facts): Bytes {
  const { contract, period } = facts;
  return utf8(
    `Bag-Software-Agent: probity ${facts.tool}\n` +
      `Bagging-Date: ${instantText(parseInstant(facts.sealed_at)!).slice(0, 10)}\n` +
      `External-Identifier: ${facts.run}\n` +
      `External-Description: audit of contract ${contract.id} version ${contract.version}` +
      ` for ${period.from}/${period.to}\n`,
  );
}

function malformed(message: string): VerificationError {
  return new VerificationError("STATEMENT_FORM", message);
}
