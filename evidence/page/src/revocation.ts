/** Certificate revocation lists as of a given instant (RFC 5280 sections 5 and 6.3). */

import {
  type Certificate, EXTENSION, type Extension, isAuthority, mayUse, nameOf, readExtensions, sameName,
} from "./certificate.ts";
import { type Chain, ChainFault, pairwise } from "./chain.ts";
import { BIT_STRING, context, Der, DerFault, INTEGER, readNamesAndTimes, SEQUENCE } from "./der.ts";
import { type Bytes, hex } from "./encoding.ts";
import { algorithmIdentifier, schemeOf } from "./public_key.ts";

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** A list as it is written; nothing is verified here. */
export class RevocationList {
  readonly signed: Bytes;
  readonly algorithm: Der;
  readonly signature: Bytes;
  readonly issuer: Der;
  readonly issued: number;
  readonly next: number | null;
  readonly extensions: readonly Extension[];
  private readonly serials: ReadonlySet<string>;

  constructor(der: Bytes) {
    const outer = Der.of(der, SEQUENCE).walk(readNamesAndTimes).fields();
    const signed = outer.next(SEQUENCE);
    this.signed = signed.raw;
    this.algorithm = algorithmIdentifier(outer.next());
    this.signature = outer.next(BIT_STRING).bits();
    outer.end();
    const fields = signed.fields();
    const version = fields.optional(INTEGER);
    if (version !== null && version.integer() !== 1n) throw new DerFault("version of a revocation list");
    if (hex(algorithmIdentifier(fields.next()).raw) !== hex(this.algorithm.raw)) throw new DerFault("two algorithms");
    this.issuer = nameOf(fields.next());
    this.issued = fields.next().time();
    this.next = fields.optional(UTC_TIME, GENERALIZED_TIME)?.time() ?? null;
    const revoked = fields.optional(SEQUENCE)?.items() ?? [];
    this.serials = new Set(revoked.map((entry) => hex(entry.as(SEQUENCE).fields().next(INTEGER).content)));
    this.extensions = readExtensions(fields.optional(context(0)));
    fields.end();
  }

  /** Return whether the list names a certificate, whatever the date beside it. */
  names(certificate: Certificate): boolean {
    return this.serials.has(hex(certificate.serial));
  }
}

/**
 * Return the instant to validate the chain at, which is `at` or that of a newer list, and how new the lists are.
 *
 * `known` is by when the lists existed. 1. every certificate below the anchor has a list of its issuer's; 2. that one
 * signed it; 3. it was issued by `known` and still current at `at`; 4. it does not name the certificate.
 */
export async function checkChain(
  chain: Chain, lists: readonly RevocationList[], at: number, known: number,
): Promise<[moment: number, listed: number]> {
  const issued: number[] = [];
  for (const [certificate, issuer] of pairwise(chain)) {
    const found = await listsAbout(certificate, issuer, lists); // 1, 2
    if (!found.length)
      throw new ChainFault("REVOCATION_MISSING", `${certificate.named}: no revocation list of ${issuer.named}`);
    if (found.some((list) => list.names(certificate))) // 4, before its age
      throw new ChainFault("REVOKED", `${certificate.named}: is named in a revocation list of ${issuer.named}`);
    const current = found.filter((list) => list.issued <= known && list.next !== null && list.next >= at); // 3
    if (!current.length)
      throw new ChainFault("REVOCATION_STALE", `${certificate.named}: no revocation list covers the time of sealing`);
    issued.push(Math.max(...current.map((list) => list.issued)));
  }
  return [Math.max(at, ...issued), issued.length ? Math.min(...issued) : at];
}

/** Return whether a list of the issuer's names the certificate; null when there is no such list. */
export async function namedIn(
  certificate: Certificate, issuer: Certificate, lists: readonly RevocationList[],
): Promise<boolean | null> {
  const found = await listsAbout(certificate, issuer, lists);
  return found.length ? found.some((list) => list.names(certificate)) : null;
}

async function listsAbout(
  certificate: Certificate, issuer: Certificate, lists: readonly RevocationList[],
): Promise<RevocationList[]> {
  const about = await Promise.all(lists.map((list) => isAbout(list, certificate, issuer)));
  return lists.filter((_, index) => about[index]);
}

/** Return whether the issuer, who may sign lists, signed this one, and it would name a revoked certificate. */
export async function isAbout(list: RevocationList, certificate: Certificate, issuer: Certificate): Promise<boolean> {
  try {
    const allows = list.extensions.every((extension) => isInScope(extension, certificate));
    const scheme = schemeOf(list.algorithm);
    if (!sameName(list.issuer, issuer.subject) || !allows || scheme === null) return false;
    const usage = issuer.extension(EXTENSION.keyUsage);
    if (usage !== null && !mayUse(usage, 6)) return false;
    return await issuer.key.signed(scheme, list.signature, list.signed);
  } catch (cause) {
    if (cause instanceof DerFault) return false;
    throw cause;
  }
}

/** Issuing distribution points (RFC 5280 section 5.2.5) limit a list; another critical extension makes it a delta. */
function isInScope(extension: Extension, certificate: Certificate): boolean {
  if (extension.oid !== EXTENSION.issuingPoint) return !extension.isCritical;
  const fields = extension.value.as(SEQUENCE).fields();
  const point = fields.optional(context(0));
  const flag = (number: number): boolean => fields.optional(context(number, "primitive"))?.boolean() ?? false;
  const [isForUsers, isForAuthorities] = [flag(1), flag(2)];
  const hasSomeReasons = fields.optional(context(3, "primitive")) !== null;
  const [isIndirect, isForAttributes] = [flag(4), flag(5)];
  fields.end();
  const name = point?.items()[0] ?? null;
  const isRelative = name !== null && name.tag !== context(0);
  if (isIndirect || hasSomeReasons || isForAttributes || isRelative) return false;
  if ((isForAuthorities && !isAuthority(certificate)) || (isForUsers && isAuthority(certificate))) return false;
  if (name === null || !name.items().length) return true;
  const own = pointsOf(certificate);
  return name.items().some((full) => own.has(hex(full.raw)));
}

function pointsOf(certificate: Certificate): ReadonlySet<string> {
  const extension = certificate.extension(EXTENSION.distributionPoints);
  const found = new Set<string>();
  for (const point of extension?.value.as(SEQUENCE).items() ?? []) {
    const name = point.as(SEQUENCE).fields().optional(context(0))?.items()[0];
    if (name?.tag === context(0)) for (const full of name.items()) found.add(hex(full.raw));
  }
  return found;
}
