/** RFC 3161 time stamps: what is kept of an authority's answer, and what it proves. */

import type { Certificate } from "./certificate.ts";
import { buildChain, type Chain, ChainFault, FOR_STAMPS, pairwise, stray } from "./chain.ts";
import * as cms from "./cms.ts";
import { BOOLEAN, context, dated, Der, DerFault, INTEGER, OID, SEQUENCE } from "./der.ts";
import { type Bytes, equal, hex } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { digest, HASHES } from "./public_key.ts";
import { namedIn, type RevocationList } from "./revocation.ts";

export const MAX_STAMP_BYTES = 64 * 1024;
export const MAX_CLOCK_SKEW = 5 * 60_000; // between two authorities, or an authority and the reader
const GRANTED = "3003020100"; // PKIStatusInfo: nobody signs the status, so here it has one form
const GENERALIZED_TIME = 0x18;

/** A token whose own signature is right and whose imprint is that of the data; its authority is not yet trusted. */
export interface Stamp {
  readonly time: number;
  readonly signer: Certificate;
  readonly certificates: readonly Certificate[];
}

/** What stamps are checked against: the reader's roots, and certificates and lists that the bundle archived. */
export interface Authorities {
  readonly roots: Chain;
  readonly certificates: readonly Certificate[];
  readonly lists: readonly RevocationList[];
}

/** Return the stamp in a `.tsr` file over `covered`; STAMP_FORM unless it is in the form in which stamps are kept. */
export async function read(data: Bytes, covered: Bytes, name: string): Promise<Stamp> {
  let token: Bytes;
  try {
    const [status, found, ...more] = Der.of(data, SEQUENCE).items();
    if (status === undefined || found === undefined || more.length || hex(status.raw) !== GRANTED)
      throw new DerFault("not in the form in which stamps are kept");
    token = found.raw;
  } catch (cause) {
    if (cause instanceof DerFault) throw new VerificationError("STAMP_FORM", `${name}: ${cause.message}`);
    throw cause;
  }
  return readToken(token, covered, name);
}

/**
 * Return the stamp of a token over `covered`.
 *
 * 1. the CMS object is right, and carries no unsigned attribute; 2. its imprint is that of the data; 3. its time is in
 * UTC, as RFC 3161 section 2.4.2 has it. The authority is not checked: that is `check`.
 */
export async function readToken(token: Bytes, covered: Bytes, name: string): Promise<Stamp> {
  try {
    const signed = await cms.read(token, cms.TST_INFO, null); // 1
    if (signed.tokens.length) throw new VerificationError("STAMP_FORM", `${name}: carries an unsigned attribute`);
    const time = await timeOf(signed.content, covered, name); // 2, 3
    return { time, signer: signed.signer, certificates: signed.certificates };
  } catch (cause) {
    if (cause instanceof cms.CmsFault) {
      const reason = cause.word === "SIGNATURE" ? "STAMP_SIGNATURE" : "STAMP_FORM";
      throw new VerificationError(reason, `${name}: ${cause.detail}`);
    }
    if (cause instanceof DerFault)
      throw new VerificationError("STAMP_FORM", `${name}: not a time stamp token (${cause.message})`);
    throw cause;
  }
}

/**
 * Return the authority's chain, trusted and current at `at`, when the stamp was there.
 *
 * 1. the stamp is not of a later time than `at`; 2. the chain leads to a pinned root, is for time stamping, and is valid
 * at `at` and when it stamped; 3. no archived list names a certificate of it; 4. nothing else is in the token.
 */
export async function check(stamp: Stamp, authorities: Authorities, at: number, name: string): Promise<Chain> {
  if (stamp.time > at + MAX_CLOCK_SKEW) // 1
    throw new VerificationError("STAMP_IN_FUTURE", `${name}: is of ${dated(stamp.time)}, later than what it precedes`);
  const others = [...stamp.certificates, ...authorities.certificates];
  let chain: Chain;
  try {
    await buildChain(stamp.signer, others, authorities.roots, stamp.time, FOR_STAMPS); // 2
    chain = await buildChain(stamp.signer, others, authorities.roots, Math.max(at, stamp.time), FOR_STAMPS);
  } catch (cause) {
    if (cause instanceof ChainFault) throw new VerificationError(`STAMP_${cause.word}`, `${name}: ${cause.detail}`);
    throw cause;
  }
  for (const [certificate, issuer] of pairwise(chain)) // 3
    if (await namedIn(certificate, issuer, authorities.lists))
      throw new VerificationError("STAMP_REVOKED", `${name}: ${certificate.named} was revoked`);
  const beside = stray(stamp.certificates, chain); // 4
  if (beside !== null)
    throw new VerificationError("STAMP_FORM", `${name}: carries a certificate of another chain (${beside.named})`);
  return chain;
}

/** Return whether a list is archived for every certificate of an authority's chain. */
export async function hasRevocation(chain: Chain, authorities: Authorities): Promise<boolean> {
  for (const [certificate, issuer] of pairwise(chain))
    if ((await namedIn(certificate, issuer, authorities.lists)) === null) return false;
  return true;
}

/** Read TSTInfo (RFC 3161 section 2.4.2) and return its time. */
async function timeOf(info: Bytes, covered: Bytes, name: string): Promise<number> {
  const fields = Der.of(info, SEQUENCE).walk().fields();
  if (fields.next(INTEGER).integer() !== 1n) throw new DerFault("version");
  fields.next(OID);
  const imprint = fields.next(SEQUENCE).fields();
  const hash = HASHES[cms.algorithmOf(imprint.next(SEQUENCE))[0]];
  const hashed = imprint.next().octets();
  imprint.end();
  fields.next(INTEGER);
  const time = fields.next(GENERALIZED_TIME).time();
  fields.optional(SEQUENCE); // accuracy
  fields.optional(BOOLEAN);
  fields.optional(INTEGER); // nonce
  fields.optional(context(0)); // the authority's name
  const extensions = fields.optional(context(1));
  fields.end();
  if (hash === undefined) throw new DerFault("digest algorithm");
  if (extensions?.items().some((item) => item.items().some((part) => part.tag === BOOLEAN && part.boolean())))
    throw new DerFault("carries a critical extension");
  if (!equal(hashed, await digest(hash, covered)))
    throw new VerificationError("STAMP_MISMATCH", `${name}: is a stamp over other bytes`);
  return time;
}
