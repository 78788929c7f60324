/**
 * X.509 chains as of a given instant (RFC 5280 section 6), by the rules that `evidence/certificates.py` gets from its
 * library: version 3, positive serials, permitted algorithms, RSA of 2,048 bits or more, no unknown critical extension.
 */

import {
  basicConstraints, type Certificate, EXTENSION, isAuthority, mayUse, sameName, usages,
} from "./certificate.ts";
import { context, dated, DerFault, SEQUENCE } from "./der.ts";
import { hex } from "./encoding.ts";
import { NotCheckedHere } from "./errors.ts";
import { schemeOf } from "./public_key.ts";

export type Chain = readonly Certificate[]; // the signer first, the anchor last
const MAX_CHAIN_DEPTH = 4;
const MAX_SIGNATURE_CHECKS = 128;
const ANY_USAGE = "2.5.29.37.0";
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
/** What a seal's certificate may be limited to: documents (RFC 9336), e-mail, any use, documents by two vendors' names. */
const SEAL_USAGES = [
  "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4", ANY_USAGE, "1.3.6.1.4.1.311.10.3.12", "1.2.840.113583.1.1.5",
];

/** Why a certificate does not hold: a word such as EXPIRED, from which the caller makes its own reason code. */
export class ChainFault extends Error {
  constructor(
    readonly word: string,
    readonly detail: string,
  ) {
    super(`${word}: ${detail}`);
  }
}

/** Why a candidate is no link of a chain; another candidate may be. */
class NoLink extends Error {}

/** The demands on the certificate that signed, and the purposes that those it was issued from may be limited to. */
export interface Purpose {
  readonly own: (certificate: Certificate) => void;
  readonly issuers: readonly string[];
}

/** No authority, may sign, for documents where it is limited (RFC 5280 sections 4.2.1.3, .9, .12). */
function forDocuments(certificate: Certificate): void {
  demand(!isAuthority(certificate), "a certificate authority's certificate does not sign documents");
  const usage = certificate.extension(EXTENSION.keyUsage);
  demand(usage !== null && mayUse(usage, 0, 1), "the key may not sign");
  const limits = certificate.extension(EXTENSION.extendedUsage);
  demand(limits === null || usages(limits).some((oid) => SEAL_USAGES.includes(oid)), "not for signing documents");
}

/** Time stamping, critical, nothing else (RFC 3161 section 2.3). */
function forTime(certificate: Certificate): void {
  demand(!isAuthority(certificate), "a certificate authority's certificate does not stamp");
  const usage = certificate.extension(EXTENSION.keyUsage);
  const isSigning = usage === null || (mayUse(usage, 0, 1) && !mayUse(usage, 2, 3, 4, 5, 6));
  demand(isSigning, "the key may do more than sign stamps");
  const limits = certificate.extension(EXTENSION.extendedUsage);
  const isAlone = limits !== null && limits.isCritical && usages(limits).join() === TIME_STAMPING;
  demand(isAlone, "the certificate is not for time stamping alone");
}

export const FOR_SEALS: Purpose = { own: forDocuments, issuers: SEAL_USAGES };
export const FOR_STAMPS: Purpose = { own: forTime, issuers: [TIME_STAMPING, ANY_USAGE] };

/** Return the chain from `leaf` to one of `roots`, all of it valid at `at`; ChainFault names what does not hold. */
export async function buildChain(
  leaf: Certificate, others: readonly Certificate[], roots: Chain, at: number, purpose: Purpose,
): Promise<Chain> {
  const between = others.filter((other) => other.fingerprint !== leaf.fingerprint);
  if (at < leaf.notBefore || at > leaf.notAfter)
    throw new ChainFault(at > leaf.notAfter ? "EXPIRED" : "NOT_YET_VALID", validity(leaf, at));
  try {
    checkAny(leaf, at);
    purpose.own(leaf);
    return await new Search(between, roots, at, purpose.issuers).from(leaf, [leaf]);
  } catch (cause) {
    if (!(cause instanceof NoLink || cause instanceof DerFault)) throw cause;
    for (const certificate of [...between, ...roots])
      if (sameName(certificate.subject, leaf.issuer) && at > certificate.notAfter)
        throw new ChainFault("EXPIRED", validity(certificate, at));
    throw new ChainFault("UNTRUSTED", `${leaf.named}: no valid chain to a pinned root (${cause.message})`);
  }
}

/** Return a certificate that is neither of the chain nor a cross-certificate of one of its authorities. */
export function stray(carried: readonly Certificate[], chain: Chain): Certificate | null {
  const members = new Set(chain.map((certificate) => certificate.fingerprint));
  const crossed = new Set(chain.slice(1).map((authority) => hex(authority.subject.raw) + authority.keyId));
  const isCross = (c: Certificate): boolean => !c.isSelfIssued && crossed.has(hex(c.subject.raw) + c.keyId);
  return carried.find((certificate) => !members.has(certificate.fingerprint) && !isCross(certificate)) ?? null;
}

/** Return every certificate with its issuer. */
export function pairwise(chain: Chain): [certificate: Certificate, issuer: Certificate][] {
  return chain.slice(1).map((issuer, index) => [chain[index]!, issuer]);
}

/** A search for issuers, depth first, with a bound on the signatures that are checked. */
class Search {
  private checks = 0;
  private readonly anchors: ReadonlySet<string>;

  constructor(
    private readonly between: readonly Certificate[],
    private readonly roots: Chain,
    private readonly at: number,
    private readonly purposes: readonly string[],
  ) {
    this.anchors = new Set(roots.map((root) => root.fingerprint));
  }

  async from(certificate: Certificate, below: Chain): Promise<Chain> {
    checkNameConstraints(certificate, below);
    if (this.anchors.has(certificate.fingerprint)) return below;
    const depth = below.length - 1;
    if (depth > MAX_CHAIN_DEPTH) throw new NoLink("the chain is too long");
    let last = new NoLink("no certificate of its issuer");
    for (const issuer of this.candidates(certificate)) {
      try {
        await this.checkIssuer(issuer, certificate, depth);
        return await this.from(issuer, [...below, issuer]);
      } catch (cause) {
        if (cause instanceof DerFault) last = new NoLink(cause.message);
        else if (cause instanceof NoLink) last = cause;
        else throw cause;
      }
    }
    throw last;
  }

  /** Return who may have issued a certificate: anchors first, and first of all those whose key it names. */
  private candidates(certificate: Certificate): Certificate[] {
    const wanted = authorityKey(certificate);
    const rank = (candidate: Certificate): number => {
      const held = candidate.extension(EXTENSION.subjectKey);
      if (wanted === null || held === null) return 1;
      return hex(held.value.octets()) === wanted ? 0 : 2;
    };
    const named = [...this.roots, ...this.between].filter((other) => sameName(other.subject, certificate.issuer));
    return named.map((c) => [rank(c), c] as const).sort(([a], [b]) => a - b).map(([, c]) => c);
  }

  private async checkIssuer(issuer: Certificate, child: Certificate, depth: number): Promise<void> {
    checkAny(issuer, this.at);
    checkAuthority(issuer, depth, this.purposes);
    const isStrong = issuer.key.kind === "EC" || issuer.key.rsaBits >= 2048;
    demand(issuer.key.isPermitted && isStrong, `${issuer.named}: its key is of no permitted kind`);
    const scheme = schemeOf(child.algorithm);
    if (scheme === null) throw new NoLink(`${child.named}: its signature is of no permitted kind`);
    if (++this.checks > MAX_SIGNATURE_CHECKS) throw new ChainFault("UNTRUSTED", "too many certificates to try");
    const isSigned = await issuer.key.signed(scheme, child.signature, child.signed);
    demand(isSigned, `${child.named}: was not signed by ${issuer.named}`);
  }
}

/** What every certificate of a chain must meet. */
function checkAny(certificate: Certificate, at: number): void {
  const { serial, named } = certificate;
  const moment = Math.floor(at / 1000) * 1000;
  demand(certificate.isVersion3 && certificate.hasOneAlgorithm, `${named}: not of version 3`);
  demand(serial.length <= 21 && serial[0]! < 0x80, `${named}: serial number`);
  demand(certificate.issuer.items().length > 0, `${named}: names no issuer`);
  demand(certificate.hasPermittedDates, `${named}: dates in a form that is not permitted`);
  demand(moment >= certificate.notBefore && moment <= certificate.notAfter, validity(certificate, at));
  const known = Object.values<string>(EXTENSION).filter(
    (oid) => oid !== EXTENSION.issuingPoint && oid !== EXTENSION.distributionPoints,
  );
  for (const { oid, isCritical } of certificate.extensions)
    demand(!isCritical || known.includes(oid), `${named}: unknown critical extension ${oid}`);
}

/** What an issuer must meet (RFC 5280 section 4.2.1): an authority, for chains of this depth, that may issue. */
function checkAuthority(issuer: Certificate, depth: number, purposes: readonly string[]): void {
  const { named } = issuer;
  const constraints = issuer.extension(EXTENSION.basicConstraints);
  if (constraints === null) throw new NoLink(`${named}: no authority`);
  const { isAuthority: isOne, pathLength } = basicConstraints(constraints);
  demand(isOne && (pathLength === null || BigInt(depth) <= pathLength), `${named}: no authority for such a chain`);
  const usage = issuer.extension(EXTENSION.keyUsage);
  demand(usage === null || mayUse(usage, 5), `${named}: the key may not issue certificates`);
  demand(!issuer.extension(EXTENSION.authorityAccess)?.isCritical, `${named}: critical authority access`);
  const key = issuer.extension(EXTENSION.authorityKey);
  demand(key === null || (!key.isCritical && authorityKey(issuer) !== null), `${named}: authority key identifier`);
  const limits = issuer.extension(EXTENSION.extendedUsage);
  const isFit = limits === null || usages(limits).some((oid) => purposes.includes(oid));
  demand(isFit, `${named}: issues for another purpose`);
}

/** Name constraints bind alternative names below; this page does not compare them, which it says where it matters. */
function checkNameConstraints(certificate: Certificate, below: Chain): void {
  if (certificate.extension(EXTENSION.nameConstraints) === null) return;
  const bound = below.filter((other, index) => index === 0 || !other.isSelfIssued);
  if (bound.some((other) => other.extension(EXTENSION.alternativeName) !== null))
    throw new NotCheckedHere("this page does not compare name constraints, and a certificate of a chain has them");
}

function authorityKey(certificate: Certificate): string | null {
  const extension = certificate.extension(EXTENSION.authorityKey);
  const key = extension?.value.as(SEQUENCE).items().find((item) => item.tag === context(0, "primitive"));
  return key === undefined ? null : hex(key.content);
}

function validity(certificate: Certificate, at: number): string {
  const [from, to] = [dated(certificate.notBefore).slice(0, 10), dated(certificate.notAfter).slice(0, 10)];
  return `${certificate.named}: valid from ${from} to ${to}, not at ${dated(at)}`;
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new NoLink(what);
}
