/** Public keys of the trust folder: P-256 (SEC 1) and ML-DSA-65 (FIPS 204), each in its one SubjectPublicKeyInfo. */

import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { sha256Hex } from "./digest.ts";
import { type Bytes, concat, equal, fromPem, latin1, pem } from "./encoding.ts";
import { BadInput, VerificationError } from "./errors.ts";
import { bigEndian, ecdsaNumbers } from "./public_key.ts";

export const P256 = "ecdsa-p256-sha256";
export const ML_DSA_65 = "ml-dsa-65";
export type Algorithm = typeof P256 | typeof ML_DSA_65;

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // SEC 2, section 2.4.2
const SIGNATURE_BYTES = 3309; // FIPS 204 table 2
/** The DER before the key itself: RFC 5480 for P-256 and an uncompressed point, RFC 9881 for ML-DSA-65. */
const HEADS: Record<Algorithm, { head: Bytes; bytes: number }> = {
  [P256]: { head: fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), bytes: 64 },
  [ML_DSA_65]: { head: fromHex("308207b2300b0609608648016503040312038207a100"), bytes: 1952 },
};

export interface PublicKey {
  readonly algorithm: Algorithm;
  /** SubjectPublicKeyInfo. */
  readonly der: Bytes;
  /** SHA-256 of `der`. */
  readonly id: string;
}

/** Read one PEM public key of an algorithm; BadInput for any other content. */
export function publicFromPem(data: Bytes, algorithm: Algorithm, place: string): PublicKey {
  const text = latin1(data);
  const found = text.split("-----BEGIN").length === 2 ? fromPem(text, "PUBLIC KEY") : null;
  const der = found?.[0];
  if (der === undefined) throw badKey(place, "is not one PEM public key");
  const { head, bytes } = HEADS[algorithm];
  if (der.length !== head.length + bytes || !equal(der.subarray(0, head.length), head))
    throw badKey(place, `is not a key for ${algorithm}`);
  return { algorithm, der, id: sha256Hex(der) };
}

/** Return the one PEM form of a key. */
export function publicPem(key: PublicKey): string {
  return pem("PUBLIC KEY", key.der);
}

/** Verify a signature over a message with the algorithm of the key; VerificationError unless it is by this key. */
export async function checkSignature(key: PublicKey, signature: Bytes, message: Bytes): Promise<void> {
  if (key.algorithm === ML_DSA_65) checkMlDsa(key, signature, message);
  else await checkP256(key, signature, message);
}

/** 1. strict DER; 2. low s, so that nobody can re-write a seal's bytes; 3. made by this key. */
async function checkP256(key: PublicKey, signature: Bytes, message: Bytes): Promise<void> {
  const [r, s] = ecdsaNumbers(signature) ?? [0n, 0n]; // 1
  if (r <= 0n || s <= 0n || r >= ORDER || s >= ORDER)
    throw new VerificationError("SIGNATURE_FORM", "the signature is not canonical DER of two numbers of the group");
  if (!isLowS(s)) // 2
    throw new VerificationError("HIGH_S", "the signature's s lies in the upper half of the group order");
  const raw = concat(bigEndian(r, 32), bigEndian(s, 32)); // WebCrypto takes r and s side by side, never DER
  const imported = await crypto.subtle.importKey("spki", key.der, { name: "ECDSA", namedCurve: "P-256" }, false, [
    "verify",
  ]);
  if (!(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, raw, message))) // 3
    throw new VerificationError("BAD_SIGNATURE", "the signature was not made by the pinned key over this content");
}

function checkMlDsa(key: PublicKey, signature: Bytes, message: Bytes): void {
  if (signature.length !== SIGNATURE_BYTES)
    throw new VerificationError("SIGNATURE_FORM", `an ML-DSA-65 signature has ${SIGNATURE_BYTES} bytes`);
  const raw = key.der.subarray(HEADS[ML_DSA_65].head.length);
  if (!ml_dsa65.verify(signature, message, raw))
    throw new VerificationError(
      "BAD_SIGNATURE", "the ML-DSA-65 signature was not made by the pinned key over this content",
    );
}

export function isLowS(s: bigint): boolean {
  return s <= ORDER / 2n;
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function badKey(place: string, what: string): BadInput {
  return new BadInput("K002", place, what, "keys are made by: probity keys new DIR");
}
