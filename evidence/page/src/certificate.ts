/** X.509 certificates (RFC 5280 section 4.1), read strictly; nothing is verified here. */

import { BIT_STRING, BOOLEAN, context, Der, DerFault, INTEGER, OID, readNamesAndTimes, SEQUENCE, SET } from "./der.ts";
import { sha256Hex } from "./digest.ts";
import { type Bytes, fromPem, hex, latin1, pem } from "./encoding.ts";
import { BadInput } from "./errors.ts";
import { algorithmIdentifier, PublicKeyInfo } from "./public_key.ts";

export const MAX_CERTIFICATES = 20;
export const EXTENSION = {
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  issuingPoint: "2.5.29.28",
  nameConstraints: "2.5.29.30",
  distributionPoints: "2.5.29.31",
  authorityKey: "2.5.29.35",
  extendedUsage: "2.5.29.37",
  authorityAccess: "1.3.6.1.5.5.7.1.1",
} as const;

/** An extension; its value is read when it is looked at, as an unknown one may be anything. */
export class Extension {
  constructor(
    readonly oid: string,
    readonly isCritical: boolean,
    private readonly octets: Bytes,
  ) {}

  get value(): Der {
    return Der.of(this.octets);
  }
}

export class Certificate {
  readonly der: Bytes;
  /** SHA-256 of the whole certificate: two certificates are the same when these are. */
  readonly fingerprint: string;
  readonly signed: Bytes;
  readonly algorithm: Der;
  readonly signature: Bytes;
  readonly isVersion3: boolean;
  readonly hasOneAlgorithm: boolean;
  readonly serial: Bytes;
  readonly issuer: Der;
  readonly subject: Der;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly hasPermittedDates: boolean;
  readonly key: PublicKeyInfo;
  readonly extensions: readonly Extension[];

  constructor(der: Bytes) {
    const outer = Der.of(der, SEQUENCE).walk(readNamesAndTimes).fields();
    const signed = outer.next(SEQUENCE);
    this.der = der;
    this.fingerprint = sha256Hex(der);
    this.signed = signed.raw;
    this.algorithm = algorithmIdentifier(outer.next());
    this.signature = outer.next(BIT_STRING).bits();
    outer.end();
    const fields = signed.fields();
    this.isVersion3 = fields.optional(context(0))?.only(INTEGER).integer() === 2n;
    const serial = fields.next(INTEGER);
    serial.integer();
    this.serial = serial.content;
    this.hasOneAlgorithm = hex(algorithmIdentifier(fields.next()).raw) === hex(this.algorithm.raw);
    this.issuer = nameOf(fields.next());
    const dates = fields.next(SEQUENCE).items();
    this.subject = nameOf(fields.next());
    this.key = new PublicKeyInfo(fields.next(SEQUENCE));
    fields.optional(context(1, "primitive"));
    fields.optional(context(2, "primitive"));
    this.extensions = readExtensions(fields.optional(context(3)));
    fields.end();
    if (dates.length !== 2) throw new DerFault("no validity");
    this.notBefore = dates[0]!.time();
    this.notAfter = dates[1]!.time();
    this.hasPermittedDates = dates.every(isPermittedDate);
  }

  /** Return the id of the key: SHA-256 of its SubjectPublicKeyInfo. */
  get keyId(): string {
    return sha256Hex(this.key.der);
  }

  get isSelfIssued(): boolean {
    return sameName(this.subject, this.issuer);
  }

  extension(oid: string): Extension | null {
    return this.extensions.find((extension) => extension.oid === oid) ?? null;
  }

  /** Return the subject for a message (RFC 4514). */
  get named(): string {
    const name = nameText(this.subject);
    return name || `serial ${BigInt(`0x${hex(this.serial)}`)}`;
  }
}

/** Read `Extensions`, each at most once. */
export function readExtensions(tagged: Der | null): Extension[] {
  const found = (tagged?.only(SEQUENCE).items() ?? []).map((item) => {
    const fields = item.as(SEQUENCE).fields();
    const oid = fields.next(OID).oid();
    const isCritical = fields.optional(BOOLEAN)?.boolean() ?? false;
    const octets = fields.next().octets();
    fields.end();
    return new Extension(oid, isCritical, octets);
  });
  if (new Set(found.map(({ oid }) => oid)).size !== found.length) throw new DerFault("a repeated extension");
  return found;
}

/** Return a distinguished name whose parts have their form. */
export function nameOf(found: Der): Der {
  for (const set of found.as(SEQUENCE).items())
    for (const attribute of set.as(SET).items()) {
      const fields = attribute.as(SEQUENCE).fields();
      fields.next().oid();
      fields.next();
      fields.end();
    }
  return found;
}

export function sameName(one: Der, other: Der): boolean {
  return hex(one.raw) === hex(other.raw);
}

/** Return basic constraints: whether the certificate is an authority's, and how many authorities may follow. */
export function basicConstraints(extension: Extension): { isAuthority: boolean; pathLength: bigint | null } {
  const fields = extension.value.as(SEQUENCE).fields();
  const isAuthority = fields.optional(BOOLEAN)?.boolean() ?? false;
  const pathLength = fields.optional(INTEGER)?.integer() ?? null;
  fields.end();
  return { isAuthority, pathLength };
}

export function isAuthority(certificate: Certificate): boolean {
  const extension = certificate.extension(EXTENSION.basicConstraints);
  return extension !== null && basicConstraints(extension).isAuthority;
}

/**
 * Return whether key usage has any of these bits (RFC 5280 section 4.2.1.3), such as 0 for digital signatures, 1 for
 * content commitment, 5 for issuing certificates and 6 for issuing revocation lists.
 */
export function mayUse(extension: Extension, ...bits: number[]): boolean {
  const { content } = extension.value.as(BIT_STRING);
  return bits.some((bit) => (content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7)));
}

/** Return the purposes of extended key usage. */
export function usages(extension: Extension): string[] {
  return extension.value.as(SEQUENCE).items().map((item) => item.oid());
}

/** Read the certificates of a PEM file of the trust folder; BadInput when there is none or one is malformed. */
export function readPem(data: Bytes, place: string): Certificate[] {
  const bad = (what: string): BadInput => new BadInput("T005", place, what, "use the file the signer handed you");
  const found = fromPem(latin1(data), "CERTIFICATE");
  if (found === null) throw bad("is not a file of PEM certificates");
  if (!found.length || found.length > MAX_CERTIFICATES)
    throw bad(`has ${found.length} certificates, not 1 to ${MAX_CERTIFICATES}`);
  try {
    return found.map((der) => new Certificate(der));
  } catch (cause) {
    if (cause instanceof DerFault) throw bad(`is not a file of PEM certificates (${cause.message})`);
    throw cause;
  }
}

export function certificatePem(der: Bytes): string {
  return pem("CERTIFICATE", der);
}

/** Dates until 2049 are written as UTCTime (RFC 5280 section 4.1.2.5). */
function isPermittedDate(date: Der): boolean {
  const year = new Date(date.time()).getUTCFullYear();
  return !date.isGeneralizedTime || year < 1950 || year > 2049;
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.6": "C",
  "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC",
  "0.9.2342.19200300.100.1.1": "UID",
};
const CHARSETS: Readonly<Record<number, string>> = { 0x0c: "utf-8", 0x1e: "utf-16be" };

function nameText(name: Der): string {
  const parts = name.items().map((set) => set.as(SET).items().map(attributeText).join("+"));
  return parts.reverse().join(",");
}

function attributeText(attribute: Der): string {
  const fields = attribute.as(SEQUENCE).fields();
  const oid = fields.next(OID).oid();
  const value = fields.next();
  const charset = CHARSETS[value.tag];
  const text = charset === undefined ? latin1(value.content) : new TextDecoder(charset).decode(value.content);
  return `${ATTRIBUTES[oid] ?? oid}=${escaped(text)}`;
}

/** Escape an attribute's value (RFC 4514 section 2.4). */
function escaped(text: string): string {
  return text
    .replace(/[\\"+,;<>]/g, "\\$&")
    .replaceAll("\0", "\\00")
    .replace(/^[# ]/, "\\$&")
    .replace(/ $/, "\\ ");
}
