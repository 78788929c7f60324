/** Step 10: what the members of a sealed audit say of one another must agree. */

import { type Bytes, equal, latin1 } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { canonicalBytes, type Json, type JsonObject, strictJson } from "./json.ts";
import { CARDS, CONTRACT, FINDINGS, FINDINGS_IN_PDF, INFO, REPORT_PDF } from "./manifest.ts";
import { objectsOf } from "./json_array.ts";
import { conform, SchemaFault, type SchemaName, type Strictness } from "./schema.ts";
import { bagInfo, type Facts, isForwards, type Period } from "./statement.ts";

export const MAX_FINDINGS_BYTES = 16 * 1024 * 1024;
const MAX_FINDINGS_VALUES = 250_000; // a thousand commitments with all their exhibits
const ROLL_UP = ["breached", "unproven", "met", "not_exercised", "not_in_force"];

/** The part of a finding that this page shows or compares. */
export interface Finding {
  readonly commitment: string;
  readonly clause: string;
  readonly status: string;
  readonly reasons: readonly string[];
  readonly because: string;
  readonly exhibits: readonly { readonly artefact: string }[];
}

/** All findings of one audit; `results/findings.json` in a bundle. */
export interface Findings {
  readonly contract: Facts["contract"];
  readonly period: Period;
  readonly as_of: string;
  readonly status: string;
  readonly findings: readonly Finding[];
}

export interface Card {
  readonly artefact: string;
  readonly received: number;
  readonly rows: number;
  readonly not_relevant?: number;
  readonly duplicates?: number;
  readonly unreadable?: number;
  readonly period_asked?: Period | null;
}

/** Read results/findings.json; FINDINGS_FORM unless it is exactly an audit result, nothing coerced or added. */
export function parseFindings(data: Bytes): Findings {
  if (countValues(data) > MAX_FINDINGS_VALUES)
    throw new VerificationError("FINDINGS_FORM", `${FINDINGS}: more than ${MAX_FINDINGS_VALUES} values`);
  const found = read<Findings>(data, FINDINGS, "findings", "written", "FINDINGS_FORM");
  if (!isForwards(found.period)) throw new VerificationError("FINDINGS_FORM", `${FINDINGS}: period ends before it starts`);
  return found;
}

/** Yield the cards of evidence/cards.json one by one: an audit may have hundreds of thousands. */
export async function* readCards(chunks: AsyncIterable<Bytes>): AsyncGenerator<Card> {
  for await (const value of objectsOf(chunks, CARDS, (message) => new VerificationError("CARDS_FORM", message))) {
    const card = conforming<Card>(value, CARDS, "card", "read", "CARDS_FORM");
    const told = sum(card.rows, card.not_relevant, card.duplicates, card.unreadable);
    if (BigInt(card.received) !== told || (card.period_asked && !isForwards(card.period_asked)))
      throw new VerificationError("CARDS_FORM", `${CARDS}: a card contradicts itself`);
    yield card;
  }
}

/** Compare the signed facts with the findings and bag-info.txt; no finding is judged again: that is `replay`. */
export function checkFacts(facts: Facts, result: Findings, findingsSha256: string, info: Bytes): void {
  const pairs: Record<string, [unknown, unknown]> = {
    findings_sha256: [facts.findings_sha256, findingsSha256],
    contract: [facts.contract, result.contract],
    period: [facts.period, result.period],
    as_of: [facts.as_of, result.as_of],
    status: [facts.status, result.status],
  };
  for (const [field, [signed, found]] of Object.entries(pairs))
    if (!same(signed as Json, found as Json))
      throw new VerificationError("FACTS_DISAGREE", `${FINDINGS}: ${field} differs from the signed statement`);
  const statuses = new Set(result.findings.map((finding) => finding.status));
  if (ROLL_UP.find((status) => statuses.has(status)) !== result.status)
    throw new VerificationError("FACTS_DISAGREE", `${FINDINGS}: status is not that of its findings`);
  if (!equal(info, bagInfo(facts)))
    throw new VerificationError("FACTS_DISAGREE", `${INFO}: differs from the signed statement`);
}

/** Compare the signed digest with that of the contract's copy, if there is one. */
export function checkContract(facts: Facts, contractSha256: string | null): void {
  if (contractSha256 !== null && contractSha256 !== facts.contract.sha256)
    throw new VerificationError(
      "CONTRACT_DIFFERS", `${CONTRACT}: is not the contract that the signed statement names`,
    );
}

/** Find every exhibit's artefact among the cards; one without an artefact rests on something being absent. */
export async function checkExhibits(result: Findings, cards: AsyncIterable<Card>): Promise<void> {
  const shown = new Map<string, string>();
  for (const finding of result.findings)
    for (const exhibit of finding.exhibits) shown.set(exhibit.artefact, finding.commitment);
  shown.delete("");
  for await (const card of cards) shown.delete(card.artefact);
  for (const [artefact, commitment] of shown)
    throw new VerificationError("ARTEFACT_UNKNOWN", `${FINDINGS}: ${commitment} shows ${artefact}, not in ${CARDS}`);
}

/** Find the hash of the findings in a report or an export: HTML shows it, exports name it, PDF names it in its metadata, which is plain text. */
export async function checkReport(name: string, chunks: AsyncIterable<Bytes>, findingsSha256: string): Promise<void> {
  const wanted = (name === REPORT_PDF ? FINDINGS_IN_PDF : "") + findingsSha256;
  let [tail, isFound] = ["", false];
  for await (const chunk of chunks) { // to the end, where its digest is compared
    const text = tail + latin1(chunk);
    isFound ||= text.includes(wanted);
    tail = text.slice(1 - wanted.length); // the hash may lie across two chunks
  }
  if (!isFound) throw new VerificationError("REPORT_DISAGREES", `${name}: does not carry the hash of ${FINDINGS}`);
}

function read<T>(data: Bytes, what: string, name: SchemaName, strictness: Strictness, reason: string): T {
  const value = strictJson(data, what, (message) => new VerificationError(reason, message));
  return conforming<T>(value, what, name, strictness, reason);
}

function conforming<T>(value: Json, what: string, name: SchemaName, strictness: Strictness, reason: string): T {
  try {
    conform(value, name, strictness);
  } catch (cause) {
    if (cause instanceof SchemaFault) throw new VerificationError(reason, `${what}: ${cause.message}`);
    throw cause;
  }
  return value as JsonObject as T;
}

/** Count what may begin a value: an empty object takes two bytes in a file and many more in memory. */
function countValues(data: Bytes): number {
  let count = 0;
  for (const byte of data) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++;
  return count;
}

function same(one: Json, other: Json): boolean {
  const [first, second] = [canonicalBytes(one), canonicalBytes(other)];
  return first !== null && second !== null && equal(first, second);
}

function sum(...counts: (number | undefined)[]): bigint {
  return counts.reduce<bigint>((total, count) => total + BigInt(count ?? 0), 0n);
}
