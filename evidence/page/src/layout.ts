/** Which members a bundle may have beside its payload, and which of them need one another (BUNDLE.md, "Layout"). */

import { VerificationError } from "./errors.ts";

export const SEAL = "seal/";
export const LTV = "seal/ltv/";
export const ARCHIVE = "archive/";
export const STATEMENT = "seal/statement.dsse.json";
export const LEDGER_START = "seal/ledger-start.json";
export const LEDGER_START_PROOF = "seal/ledger-start.tlog-proof";
export const LEDGER_ENTRY = "seal/ledger-entry.json";
export const LEDGER_ENTRY_PROOF = "seal/ledger-entry.tlog-proof";
export const CADES = "seal/tagmanifest-sha256.txt.p7s";
export const DISCLOSURES = "disclosures/personal.jsonl"; // beside the seals: whoever deletes lines redacts
export const KEY_P256 = "seal/keys/dsse-p256.pub";
export const KEY_ML_DSA_65 = "seal/keys/dsse-ml-dsa-65.pub";
const STAMP = ".tsr";
const MAX_STAMPS = 9; // over one file, each by another authority

type Needs = (match: RegExpExecArray) => [name: string, reason: string][];
const LEDGER: [string, string][] = [
  [LEDGER_START, "LEDGER_START_MISSING"],
  [LEDGER_ENTRY, "LEDGER_ENTRY_MISSING"],
  [LEDGER_START_PROOF, "LEDGER_PROOF_MISSING"],
  [LEDGER_ENTRY_PROOF, "LEDGER_PROOF_MISSING"],
];

/** A member that may be there, and what it cannot be without. */
const PARTS: [RegExp, Needs][] = [
  [/^seal\/statement\.dsse\.json$/, () => []],
  [/^seal\/tagmanifest-sha256\.txt\.p7s$/, () => [[KEY_P256, "KEY_HINT_MISSING"]]],
  [
    /^(seal\/tagmanifest-sha256\.txt\.p7s|seal\/statement\.dsse\.json)(?:\.[2-9])?\.tsr$/,
    (match) => [[match[1]!, "STAMP_WITHOUT_SEAL"], ["archive/0001-sha256.txt", "ARCHIVE_MISSING"]],
  ],
  [/^seal\/ledger-(?:start|entry)\.(?:json|tlog-proof)$/, () => LEDGER],
  [/^seal\/keys\/dsse-(?:p256|ml-dsa-65)\.pub$/, () => [[CADES, "KEY_HINT_WITHOUT_SEAL"]]],
  [/^seal\/ltv\/[a-z0-9][a-z0-9-]{0,39}\.(?:crt|crl)$/, () => [[CADES, "LTV_WITHOUT_SEAL"]]],
  [
    /^(archive\/[0-9]{4}-sha256\.txt)$/,
    (match) => [[`${match[1]}${STAMP}`, "ARCHIVE_UNSTAMPED"], [`${STATEMENT}${STAMP}`, "STAMP_MISSING"]],
  ],
  [/^(archive\/[0-9]{4}-sha256\.txt)(?:\.[2-9])?\.tsr$/, (match) => [[match[1]!, "ARCHIVE_MISSING"]]],
  [/^disclosures\/personal\.jsonl$/, () => []],
];

function stampName(member: string, number: number): string {
  return number === 1 ? `${member}${STAMP}` : `${member}.${number}${STAMP}`;
}

/** Return the stamps over a member that are there, in the order of their numbers. */
export function stampsOf(member: string, present: { has(name: string): boolean }): string[] {
  return Array.from({ length: MAX_STAMPS }, (_, i) => stampName(member, i + 1)).filter((name) => present.has(name));
}

/**
 * Compare the members that no manifest lists with `PARTS`.
 *
 * 1. the statement is there; 2. every member is a known part with what it needs; 3. where one seal is stamped, every
 * seal is; 4. stamps and archive lists are numbered without a gap.
 */
export function checkParts(present: ReadonlySet<string>): void {
  if (!present.has(STATEMENT)) throw new VerificationError("SEAL_MISSING", STATEMENT); // 1
  for (const name of [...present].sort()) // 2
    for (const [needed, reason] of needsOf(name))
      if (!present.has(needed)) throw new VerificationError(reason, `${name}: needs ${needed}`);
  if (stampsOf(STATEMENT, present).length && present.has(CADES) && !stampsOf(CADES, present).length) // 3
    throw new VerificationError("STAMP_MISSING", stampName(CADES, 1));
  checkNumbers(present); // 4
}

function needsOf(name: string): [string, string][] {
  for (const [pattern, needs] of PARTS) {
    const match = pattern.exec(name);
    if (match !== null) return needs(match);
  }
  throw new VerificationError("UNLISTED_MEMBER", name);
}

function checkNumbers(present: ReadonlySet<string>): void {
  const lists = [...present].filter((name) => name.startsWith(ARCHIVE) && name.endsWith(".txt")).sort();
  lists.forEach((name, index) => {
    const number = String(index + 1).padStart(4, "0");
    if (name !== `${ARCHIVE}${number}-sha256.txt`)
      throw new VerificationError("ARCHIVE_GAP", `${name}: there is no list ${number} before it`);
  });
  for (const name of [STATEMENT, CADES, ...lists])
    stampsOf(name, present).forEach((stamp, index) => {
      if (stamp !== stampName(name, index + 1))
        throw new VerificationError("STAMP_MISSING", `${name}: a stamp is missing between others`);
    });
}
