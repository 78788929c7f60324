/** Checkpoints of a log (c2sp.org/tlog-checkpoint) and proofs that travel with a leaf (c2sp.org/tlog-proof). */

import { base64, type Bytes, concat, equal, fromBase64, utf8 } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import * as merkle from "./merkle.ts";
import * as note from "./note.ts";

const MAX_SIZE = 2 ** 53; // leaves; what every reader of JSON can count
export const MAX_PROOF_BYTES = 32 * 1024;
const HEADER = "c2sp.org/tlog-proof@v1";
const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** A checkpoint whose signatures were verified; `witnessed` is the witness's time in seconds since 1970. */
export interface Seen {
  readonly checkpoint: Checkpoint;
  readonly witnessed: number | null;
}

export interface Proof {
  readonly index: number;
  readonly path: readonly Bytes[];
  readonly checkpoint: Bytes;
  readonly extra: Bytes;
}

/**
 * Verify a signed checkpoint with pinned keys.
 *
 * 1. the first signature is the log's; 2. the log signs for itself alone; 3. a second is the witness's, when one is
 * pinned; 4. there is no signature that nobody can check.
 */
async function check(data: Bytes, log: note.NoteKey, witness: note.NoteKey | null): Promise<Seen> {
  const signed = note.parse(data);
  const [first, ...others] = signed.signatures;
  await note.check(first!, log, signed.text); // 1
  const found = parseText(signed.text);
  if (found.origin !== log.name) // 2
    throw new VerificationError("LEDGER_ORIGIN", `a checkpoint of ${found.origin}, signed by the key of ${log.name}`);
  let witnessed: number | null = null;
  if (witness !== null) { // 3
    const second = others.shift();
    if (second === undefined)
      throw new VerificationError("WITNESS_MISSING", `the checkpoint of ${found.size} leaves has no cosignature`);
    witnessed = await note.checkCosignature(second, witness, signed.text);
  }
  if (others[0] !== undefined) // 4
    throw new VerificationError(
      "LEDGER_UNPINNED_SIGNATURE",
      `a signature by ${note.printableName(others[0])}, which the trust folder does not hold`,
    );
  return { checkpoint: found, witnessed };
}

function parseText(text: string): Checkpoint {
  const [origin, size, root, end, ...more] = text.split("\n");
  if (origin && size !== undefined && NUMBER.test(size) && root !== undefined && end === "" && !more.length) {
    const found = { origin, size: Number(size), root: hashOf(root) };
    if (BigInt(size) <= MAX_SIZE && base64(found.root) === root) return found;
  }
  throw new VerificationError("LEDGER_CHECKPOINT_FORM", "the checkpoint is not origin, size and root");
}

/** Read a `.tlog-proof` file; LEDGER_PROOF_FORM unless it has the one form it may have. Nothing is verified. */
export function parseProof(data: Bytes): Proof {
  const split = indexOfBlank(data);
  const head = new TextDecoder("latin1").decode(data.subarray(0, split < 0 ? data.length : split));
  const [header, ...lines] = head.split("\n");
  const extra = lines[0]?.startsWith("extra ") ? bytesOf(lines.shift()!.slice("extra ".length)) : new Uint8Array();
  const index = lines.shift()?.replace(/^index /, "");
  if (split < 0 || header !== HEADER || index === undefined || data.length > MAX_PROOF_BYTES) throw malformed();
  if (!NUMBER.test(index) || lines.length > merkle.MAX_PROOF) throw malformed();
  const proof = { index: Number(index), path: lines.map(hashOf), checkpoint: data.slice(split + 2), extra };
  if (!Number.isSafeInteger(proof.index) || !equal(encode(proof), data)) throw malformed();
  return proof;
}

function encode(proof: Proof): Bytes {
  const extra = proof.extra.length ? `extra ${base64(proof.extra)}\n` : "";
  const path = proof.path.map((hash) => `${base64(hash)}\n`).join("");
  return concat(utf8(`${HEADER}\n${extra}index ${proof.index}\n${path}\n`), proof.checkpoint);
}

/** Verify that a leaf is in a log of the pinned key; return the checkpoint it is proved against. */
export async function checkLeaf(
  leaf: Bytes, proof: Proof, log: note.NoteKey, witness: note.NoteKey | null,
): Promise<Seen> {
  const seen = await check(proof.checkpoint, log, witness);
  merkle.checkInclusion(leaf, proof.index, seen.checkpoint.size, proof.path, seen.checkpoint.root);
  return seen;
}

/** Return the hashes of a consistency proof that `Proof.extra` carries one after the other. */
export function splitHashes(data: Bytes): Bytes[] {
  if (data.length % merkle.HASH_BYTES || data.length > merkle.MAX_PROOF * merkle.HASH_BYTES) throw malformed();
  return Array.from({ length: data.length / merkle.HASH_BYTES }, (_, i) =>
    data.slice(i * merkle.HASH_BYTES, (i + 1) * merkle.HASH_BYTES),
  );
}

function indexOfBlank(data: Bytes): number {
  for (let at = 0; at + 1 < data.length; at++) if (data[at] === 10 && data[at + 1] === 10) return at;
  return -1;
}

function hashOf(text: string): Bytes {
  const data = bytesOf(text);
  if (data.length !== merkle.HASH_BYTES) throw malformed();
  return data;
}

function bytesOf(text: string): Bytes {
  const data = fromBase64(text);
  if (data === null) throw malformed();
  return data;
}

function malformed(): VerificationError {
  return new VerificationError("LEDGER_PROOF_FORM", "is not a tlog-proof in the one form it may have");
}
