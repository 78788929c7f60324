/** The CAdES baseline seal over the tag manifest (ETSI EN 319 122-1), checked with its chain as of a given instant. */

import { buildChain, type Chain, ChainFault, FOR_SEALS } from "./chain.ts";
import * as cms from "./cms.ts";
import { type Bytes, hex } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { isLowS } from "./keys.ts";
import { CADES } from "./layout.ts";
import { ecdsaNumbers } from "./public_key.ts";
import { checkChain } from "./revocation.ts";
import type { Authorities } from "./timestamp.ts";

const REASONS: Readonly<Record<string, string>> = {
  UNTRUSTED: "SIGNER_UNTRUSTED",
  EXPIRED: "SIGNER_EXPIRED",
  NOT_YET_VALID: "SIGNER_NOT_YET_VALID",
  REVOKED: "SIGNER_REVOKED",
};

/** Return the seal over `content`; it must be a detached CAdES seal by a P-256 key, with SHA-256 and signed attributes. */
export async function read(data: Bytes, content: Bytes): Promise<cms.Signed> {
  let signed: cms.Signed;
  try {
    signed = await cms.read(data, cms.DATA, content);
  } catch (cause) {
    if (cause instanceof cms.CmsFault) throw new VerificationError(`CADES_${cause.word}`, `${CADES}: ${cause.detail}`);
    throw cause;
  }
  if (!signed.isBaseline)
    throw new VerificationError("CADES_ATTRIBUTES", `${CADES}: no signing-certificate-v2 attribute, or not SHA-256`);
  if (signed.signer.key.curve !== "P-256")
    throw new VerificationError("CADES_FORM", `${CADES}: the seal's key is not a P-256 key`);
  const numbers = ecdsaNumbers(signed.signature);
  if (numbers === null || !isLowS(numbers[1]))
    throw new VerificationError("CADES_FORM", `${CADES}: the signature is not in its one form (DER, low s)`);
  const held = signed.certificates.map((certificate) => hex(certificate.der));
  if (held.some((der, index) => index > 0 && held[index - 1]! >= der))
    throw new VerificationError("CADES_FORM", `${CADES}: its certificates are not in the order of DER`);
  return signed;
}

/**
 * Return the seal's chain, valid and not revoked at `at`, and when the list was issued that says so.
 *
 * 1. the chain leads to a pinned root and is valid at `at`; 2. archived lists that existed by `known` name none of its
 * certificates; 3. the chain is still valid when the newest of those lists was issued; 4. nothing else is in the seal.
 */
export async function check(
  seal: cms.Signed, roots: Chain, archived: Authorities, at: number, known: number,
): Promise<[chain: Chain, listed: number]> {
  const others = [...seal.certificates, ...archived.certificates];
  try {
    let chain = await buildChain(seal.signer, others, roots, at, FOR_SEALS); // 1
    const [moment, listed] = await checkChain(chain, archived.lists, at, known); // 2
    chain = await buildChain(seal.signer, others, roots, moment, FOR_SEALS); // 3
    const members = chain.slice(0, -1).map((certificate) => certificate.fingerprint);
    const beside = seal.certificates.find((certificate) => !members.includes(certificate.fingerprint)); // 4
    if (beside !== undefined)
      throw new VerificationError("CADES_FORM", `${CADES}: carries a certificate beside its chain (${beside.named})`);
    return [chain, listed];
  } catch (cause) {
    if (cause instanceof ChainFault)
      throw new VerificationError(REASONS[cause.word] ?? cause.word, `${CADES}: ${cause.detail}`);
    throw cause;
  }
}
