/** DSSE envelopes (secure-systems-lab DSSE v1.0.2): one payload type, one byte sequence, one or two signatures. */

import { type Bytes, base64, concat, equal, fromBase64, utf8 } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { canonicalBytes, isObject, type Json, strictJson } from "./json.ts";
import { checkSignature, type PublicKey } from "./keys.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const MAX_ENVELOPE_BYTES = 16 * 1024;
const MAX_SIGNATURES = 2;

/** `keyId` is a hint and never chooses the key. */
export interface Signature {
  readonly keyId: string;
  readonly signature: Bytes;
}

export interface Envelope {
  readonly payload: Bytes;
  readonly signatures: readonly Signature[];
}

/** Read an envelope; ENVELOPE_FORM unless it has the one form it may have. Nothing is verified here. */
export function parse(data: Bytes): Envelope {
  const value = strictJson(data, "envelope", malformed);
  if (!isObject(value) || Object.keys(value).sort().join() !== "payload,payloadType,signatures")
    throw malformed("envelope: must have exactly payload, payloadType and signatures");
  if (value["payloadType"] !== PAYLOAD_TYPE)
    throw new VerificationError("PAYLOAD_TYPE", `payloadType is not ${PAYLOAD_TYPE}`);
  const envelope = { payload: bytesOf(value["payload"], "payload"), signatures: signaturesOf(value["signatures"]) };
  const encoded = canonicalBytes({
    payload: base64(envelope.payload),
    payloadType: PAYLOAD_TYPE,
    signatures: envelope.signatures.map((s) => ({ keyid: s.keyId, sig: base64(s.signature) })),
  });
  if (encoded === null || !equal(encoded, data))
    throw malformed("envelope: not in canonical form (RFC 8785, RFC 4648)");
  return envelope;
}

/** Verify one signature with the pinned key. 1. it names the pinned key; 2. the pinned key's algorithm and key made it. */
export async function check(payload: Bytes, signature: Signature, key: PublicKey): Promise<void> {
  if (signature.keyId !== key.id) // 1
    throw new VerificationError(
      "WRONG_KEY", `signed by key ${signature.keyId.slice(0, 16)}…, which the trust folder does not hold`,
    );
  const preamble = utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `);
  await checkSignature(key, signature.signature, concat(preamble, payload)); // 2
}

function signaturesOf(value: Json | undefined): Signature[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SIGNATURES)
    throw new VerificationError(
      "SIGNATURE_COUNT", `a bundle has one to ${MAX_SIGNATURES} signatures over its statement`,
    );
  return value.map((entry) => {
    if (!isObject(entry) || Object.keys(entry).sort().join() !== "keyid,sig")
      throw malformed("envelope: a signature must have exactly keyid and sig");
    const key = entry["keyid"];
    if (typeof key !== "string" || /[^\x00-\x7f]/.test(key)) throw malformed("envelope: keyid must be hexadecimal text");
    return { keyId: key, signature: bytesOf(entry["sig"], "sig") };
  });
}

function bytesOf(value: Json | undefined, what: string): Bytes {
  const data = typeof value === "string" ? fromBase64(value) : null;
  if (data === null) throw malformed(`envelope: ${what} must be base64 text`);
  return data;
}

function malformed(message: string): VerificationError {
  return new VerificationError("ENVELOPE_FORM", message);
}
