/** The outcome of a verification: the shape of `probity.verify/v1`, as `probity verify --format json` prints it. */

import { type Facts, isPrintable } from "./statement.ts";

export const STEP_NAMES: Readonly<Record<number, string>> = {
  1: "container",
  2: "file-set",
  3: "digests",
  4: "time",
  5: "cades",
  6: "dsse",
  7: "subject",
  8: "ledger",
  9: "disclosures",
  10: "references",
  11: "policy",
};
const MAX_DETAIL = 300;

export type SealLevel = "none" | "simple" | "advanced" | "qualified";
export type TimeLevel = "none" | "local-clock" | "rfc3161" | "qualified" | "ledger-witness";
export type StepOutcome = "passed" | "failed" | "not_run";
export const NOTHING_PROVED = ["anything: this bundle did not verify"];

export interface Step {
  readonly step: number;
  readonly name: string;
  readonly outcome: StepOutcome;
  readonly reason: string | null;
  readonly detail: string;
}

export interface SignedBy {
  readonly keyid: string;
  readonly algorithm: string;
  /** What the reader's own policy calls the holder of the key. */
  readonly name: string | null;
}

/** When the bundle is proven to have existed; `claimed` is only the signer's own clock. */
export interface ProvenTime {
  readonly proven: string | null;
  readonly source: string | null;
  readonly claimed: string | null;
}

export interface Verification {
  readonly schema: "probity.verify/v1";
  readonly verified: boolean;
  readonly reason: string | null;
  readonly steps: readonly Step[];
  readonly audit: Facts | null;
  readonly signers: readonly SignedBy[];
  readonly time: ProvenTime;
  readonly levels: { readonly seal: SealLevel; readonly time: TimeLevel };
  readonly members: { readonly expected: number | null; readonly present: number | null };
  readonly not_proved: readonly string[];
}

/** Return a text of bounded length with control and direction characters escaped: names in a bundle are anybody's. */
export function printable(text: string): string {
  const characters = [...text];
  const escaped = characters.slice(0, MAX_DETAIL).map((c) => (isPrintable(c) ? c : escape(c))).join("");
  return characters.length <= MAX_DETAIL ? escaped : `${escaped}…`;
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
