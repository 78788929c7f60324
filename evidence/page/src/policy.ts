/** What a reader demands of a bundle before believing it; an empty or unknown demand is invalid. */

import type { Bytes } from "./encoding.ts";
import { BadInput } from "./errors.ts";
import { isObject, strictJson } from "./json.ts";
import { conform, SchemaFault } from "./schema.ts";
import { isPrintable } from "./statement.ts";

export const DSSE_P256 = "dsse-p256";
export const ML_DSA_65 = "ml-dsa-65";
export const CADES = "cades";
export const MAX_POLICY_BYTES = 64 * 1024;
const ALWAYS_REQUIRED = [1, 2, 3, 6, 7, 10, 11]; // numbered steps of BUNDLE.md, "Verify"
const HOUR = 3_600_000;

/** Who is known to hold a key. */
export interface Person {
  readonly name: string;
  readonly keyid: string;
}

/** The fields of `policy.json`; those with a default may be absent. */
export interface Policy {
  readonly require: readonly string[];
  readonly time: "local-clock" | "rfc3161";
  readonly ledger: boolean;
  readonly signed_by?: readonly Person[] | null;
  readonly sealed_by?: readonly Person[] | null;
  readonly newest_run?: Readonly<Record<string, number>> | null;
  readonly seal_level?: "simple" | "advanced" | "qualified";
  readonly time_level?: "rfc3161" | "qualified";
  readonly authorities?: number;
  readonly not_older_than?: string | null;
}

/** Read policy.json; BadInput when it is empty, incomplete or has unknown words. */
export function parse(data: Bytes, place: string): Policy {
  const bad = (message: string): BadInput => new BadInput("T003", place, message);
  const value = strictJson(data, "policy", bad);
  if (!isObject(value) || !Object.keys(value).length) throw bad("a policy must demand something");
  try {
    conform(value, "policy", "read");
  } catch (cause) {
    if (cause instanceof SchemaFault) throw bad(cause.message);
    throw cause;
  }
  const policy = value as unknown as Policy;
  if (!policy.require.includes(DSSE_P256) || new Set(policy.require).size !== policy.require.length)
    throw bad(`require: must name '${DSSE_P256}', the signature over the statement, and each seal once`);
  if (policy.newest_run && !policy.ledger)
    throw bad("newest_run needs ledger: true, which is where the numbers of runs come from");
  for (const person of [...(policy.signed_by ?? []), ...(policy.sealed_by ?? [])])
    if (!isPrintable(person.name)) throw bad("a name is one line of printable characters");
  return policy;
}

/** Return the steps that must have passed; one that did not run counts as failed. */
export function requiredSteps(policy: Policy): number[] {
  const demanded: [number, boolean][] = [
    [4, policy.time !== "local-clock"], [5, policy.require.includes(CADES)], [8, policy.ledger],
  ];
  return [...ALWAYS_REQUIRED, ...demanded.filter(([, wanted]) => wanted).map(([step]) => step)];
}

/** Return `not_older_than` in milliseconds: whole hours (`36h`) or days of 24 hours (`90d`). */
export function oldest(policy: Policy): number | null {
  const text = policy.not_older_than;
  if (!text) return null;
  return Number(text.slice(0, -1)) * (text.endsWith("d") ? 24 : 1) * HOUR;
}
