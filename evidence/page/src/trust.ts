/** What the reader trusts: the files of a trust folder, which came by another channel than the bundle. */

import { type Certificate, readPem } from "./certificate.ts";
import { type Bytes, fromUtf8, utf8 } from "./encoding.ts";
import { BadInput } from "./errors.ts";
import { isObject, strictJson } from "./json.ts";
import * as keys from "./keys.ts";
import { LOG, type NoteKey, parseVkey, WITNESS } from "./note.ts";
import * as policies from "./policy.ts";

const POLICY = "policy.json";
const P256_PUBLIC = "dsse-p256.pub";
const ML_DSA_65_PUBLIC = "dsse-ml-dsa-65.pub";
const SEAL_ROOT = "seal-root.pem";
const TSA_ROOTS = "tsa-roots.pem";
const LEDGER_VKEY = "ledger.vkey";
const WITNESS_VKEY = "witness.vkey";
export const TRUST_FILES = [POLICY, P256_PUBLIC, ML_DSA_65_PUBLIC, SEAL_ROOT, TSA_ROOTS, LEDGER_VKEY, WITNESS_VKEY];
const TRUST_FILE_SCHEMA = "probity.trust/v1";
const MAX_TRUST_BYTES = 256 * 1024;
const MAX_VKEY_BYTES = 1024;
const HINT = "give the files the signer handed you (DIR/trust of: probity keys new DIR), never any out of a bundle";

/** The pinned keys and roots, and the reader's policy. With a witness's key, every checkpoint must bear its cosignature. */
export interface Trust {
  readonly policy: policies.Policy;
  readonly dsseP256: keys.PublicKey;
  readonly dsseMlDsa65: keys.PublicKey | null;
  readonly sealRoots: readonly Certificate[];
  readonly tsaRoots: readonly Certificate[];
  readonly ledger: NoteKey | null;
  readonly witness: NoteKey | null;
  /** The name the reader knows the pinned P-256 key by, if the policy gives one. */
  readonly signerName: string | null;
}

/** Read trust files by name; BadInput when one is absent, malformed, or the policy contradicts the pinned key. */
export function readTrust(files: ReadonlyMap<string, Bytes>): Trust {
  const policy = policies.parse(required(files, POLICY, policies.MAX_POLICY_BYTES), POLICY);
  const optional = (name: string, demanded: boolean, limit = MAX_TRUST_BYTES): Bytes | null =>
    demanded || files.has(name) ? required(files, name, limit) : null;
  const mlDsa = optional(ML_DSA_65_PUBLIC, policy.require.includes(policies.ML_DSA_65));
  const dsseP256 = keys.publicFromPem(required(files, P256_PUBLIC, MAX_TRUST_BYTES), keys.P256, P256_PUBLIC);
  const signerName = policy.signed_by?.find((person) => person.keyid === dsseP256.id)?.name ?? null;
  if (policy.signed_by && signerName === null)
    throw new BadInput(
      "T004", P256_PUBLIC, `the policy's signed_by does not name this key (${dsseP256.id})`,
      "use a key and a policy that belong together",
    );
  return {
    policy,
    dsseP256,
    dsseMlDsa65: mlDsa && keys.publicFromPem(mlDsa, keys.ML_DSA_65, ML_DSA_65_PUBLIC),
    sealRoots: roots(optional(SEAL_ROOT, policy.require.includes(policies.CADES)), SEAL_ROOT),
    tsaRoots: roots(optional(TSA_ROOTS, policy.time === "rfc3161"), TSA_ROOTS),
    ledger: vkey(optional(LEDGER_VKEY, policy.ledger, MAX_VKEY_BYTES), LOG, LEDGER_VKEY),
    witness: vkey(optional(WITNESS_VKEY, false, MAX_VKEY_BYTES), WITNESS, WITNESS_VKEY),
    signerName,
  };
}

/** Return the files that a trust file holds: one JSON document in place of a folder. */
export function unpackTrustFile(data: Bytes, place: string): Map<string, Bytes> {
  const bad = (message: string): BadInput => new BadInput("T006", place, message, HINT);
  const value = strictJson(data, "trust file", bad);
  const files = isObject(value) && value["schema"] === TRUST_FILE_SCHEMA ? value["files"] : undefined;
  if (!isObject(value) || !isObject(files) || Object.keys(value).length !== 2)
    throw bad(`is neither a file of a trust folder nor a trust file (${TRUST_FILE_SCHEMA})`);
  const found = new Map<string, Bytes>();
  for (const [name, text] of Object.entries(files)) {
    if (!TRUST_FILES.includes(name) || typeof text !== "string") throw bad(`${name}: is no file of a trust folder`);
    found.set(name, utf8(text));
  }
  return found;
}

function required(files: ReadonlyMap<string, Bytes>, name: string, limit: number): Bytes {
  const data = files.get(name);
  if (data === undefined) throw new BadInput("T002", name, "is missing", HINT);
  if (data.length > limit) throw new BadInput("T002", name, `is larger than ${limit} bytes`, HINT);
  return data;
}

function roots(data: Bytes | null, name: string): readonly Certificate[] {
  return data === null ? [] : readPem(data, name);
}

function vkey(data: Bytes | null, kind: typeof LOG | typeof WITNESS, name: string): NoteKey | null {
  return data && parseVkey(fromUtf8(data) ?? "", kind, name);
}
