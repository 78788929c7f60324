/** CMS SignedData with one signer (RFC 5652), read strictly: the form of a CAdES seal and of a time stamp's token. */

import { Certificate, MAX_CERTIFICATES, sameName } from "./certificate.ts";
import { context, Der, DerFault, INTEGER, NULL, OCTET_STRING, OID, readAll, SEQUENCE, SET } from "./der.ts";
import { type Bytes, concat, equal, hex } from "./encoding.ts";
import { digest, type Hash, HASHES, type Scheme } from "./public_key.ts";

export const MAX_CMS_BYTES = 64 * 1024;
export const DATA = "1.2.840.113549.1.7.1";
export const TST_INFO = "1.2.840.113549.1.9.16.1.4";
const SIGNED_DATA = "1.2.840.113549.1.7.2";
const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const SIGNING_TIME = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"; // RFC 2634, which authorities still use
const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
const TIME_STAMP_TOKEN = "1.2.840.113549.1.9.16.2.14";
const RSA = "1.2.840.113549.1.1.1";
const RSA_WITH: Readonly<Record<Hash, string>> = {
  "SHA-256": "1.2.840.113549.1.1.11", "SHA-384": "1.2.840.113549.1.1.12", "SHA-512": "1.2.840.113549.1.1.13",
};
const ECDSA_WITH: Readonly<Record<Hash, string>> = {
  "SHA-256": "1.2.840.10045.4.3.2", "SHA-384": "1.2.840.10045.4.3.3", "SHA-512": "1.2.840.10045.4.3.4",
};

/** Why a CMS object is not accepted: FORM, ATTRIBUTES, CONTENT or SIGNATURE, and the detail. */
export class CmsFault extends Error {
  constructor(
    readonly word: string,
    readonly detail: string,
  ) {
    super(`${word}: ${detail}`);
  }
}

/** A SignedData whose signature is right; whether its signer is trusted is for the caller to find out. */
export interface Signed {
  readonly content: Bytes; // of the object itself; empty when detached
  readonly signer: Certificate;
  readonly certificates: readonly Certificate[];
  readonly signature: Bytes;
  readonly tokens: readonly Bytes[]; // time stamp tokens over the signature, unsigned attributes of CAdES
  readonly isBaseline: boolean; // SHA-256, and the certificate named by signing-certificate-v2
}

/**
 * Return what was signed and by whom; CmsFault unless every part of the object is right.
 *
 * 1. strict DER, one signer, one digest algorithm, no CRLs, nothing left over; 2. the signer's certificate is the one the
 * signer information names; 3. signed attributes are there, each once: content type, message digest, and the digest of
 * the signer's certificate (RFC 5035); 4. the message digest is that of the content; 5. the certificate's key signed the
 * attributes; 6. no unsigned attribute but a time stamp over the signature.
 */
export async function read(data: Bytes, contentType: string, detached: Bytes | null): Promise<Signed> {
  try {
    return await readStrictly(data, contentType, detached);
  } catch (cause) {
    if (cause instanceof DerFault) throw new CmsFault("FORM", `not a CMS object that can be read (${cause.message})`);
    throw cause;
  }
}

async function readStrictly(data: Bytes, contentType: string, detached: Bytes | null): Promise<Signed> {
  demand(data.length <= MAX_CMS_BYTES, "FORM", `larger than ${MAX_CMS_BYTES} bytes`);
  const outer = Der.of(data, SEQUENCE).walk().fields();
  demand(outer.next(OID).oid() === SIGNED_DATA, "FORM", "is not SignedData");
  const fields = outer.next(context(0)).only(SEQUENCE).fields();
  outer.end();
  const version = fields.next(INTEGER).integer();
  const algorithms = fields.next(SET).items();
  const content = contentOf(fields.next(SEQUENCE), version, contentType, detached); // 1
  const certificates = certificatesOf(fields.optional(context(0)), fields.optional(context(1)));
  const [info, ...others] = fields.next(SET).items();
  fields.end();
  if (info === undefined || others.length) throw new CmsFault("FORM", "there must be exactly one signer");
  const signer = new SignerInfo(info);
  const hash = signer.hash(algorithms);
  const certificate = signer.certificateAmong(certificates); // 2
  await signer.checkAttributes(contentType, await digest(hash, detached ?? content), certificate); // 3, 4
  await signer.checkSignature(certificate, hash); // 5
  const isBaseline = hash === "SHA-256" && signer.held(SIGNING_CERTIFICATE_V2) !== null;
  return { content, signer: certificate, certificates, signature: signer.signature, tokens: signer.tokens(), isBaseline };
}

function contentOf(info: Der, version: bigint, contentType: string, detached: Bytes | null): Bytes {
  const fields = info.fields();
  demand(fields.next(OID).oid() === contentType, "CONTENT", "content is of another type");
  const held = fields.optional(context(0));
  fields.end();
  demand(version === (detached === null ? 3n : 1n), "FORM", "version");
  if (detached !== null) {
    demand(held === null, "FORM", "carries content of its own beside the detached one");
    return new Uint8Array();
  }
  if (held === null) throw new CmsFault("FORM", "carries no content");
  return held.only(OCTET_STRING).content;
}

function certificatesOf(held: Der | null, lists: Der | null): Certificate[] {
  demand(lists === null, "FORM", "carries revocation lists of its own");
  const items = held?.items() ?? [];
  demand(held !== null && items.length <= MAX_CERTIFICATES, "FORM", "number of certificates");
  demand(items.every((item) => item.tag === SEQUENCE), "FORM", "carries a certificate of another kind");
  return items.map((item) => new Certificate(item.raw));
}

/** The parts of SignerInfo (RFC 5652 section 5.3). */
class SignerInfo {
  readonly signature: Bytes;
  private readonly version: bigint;
  private readonly identifier: Der;
  private readonly digestAlgorithm: Der;
  private readonly signedAttributes: Der | null;
  private readonly signatureAlgorithm: Der;
  private readonly unsignedAttributes: Der | null;
  private attributes = new Map<string, Der>();

  constructor(info: Der) {
    const fields = info.as(SEQUENCE).fields();
    this.version = fields.next(INTEGER).integer();
    this.identifier = fields.next();
    this.digestAlgorithm = fields.next(SEQUENCE);
    this.signedAttributes = fields.optional(context(0));
    this.signatureAlgorithm = fields.next(SEQUENCE);
    this.signature = fields.next().octets();
    this.unsignedAttributes = fields.optional(context(1));
    fields.end();
  }

  hash(listed: readonly Der[]): Hash {
    demand(listed.length === 1, "FORM", "there must be exactly one digest algorithm");
    const [oid, hasNone] = algorithmOf(this.digestAlgorithm);
    const hash = HASHES[oid];
    const isListed = hex(listed[0]!.raw) === hex(this.digestAlgorithm.raw);
    if (hash === undefined || !isListed) throw new CmsFault("FORM", `digest algorithm ${oid}`);
    demand(hasNone, "FORM", "parameters of the digest algorithm");
    return hash;
  }

  certificateAmong(certificates: readonly Certificate[]): Certificate {
    const isNumber = this.identifier.tag === SEQUENCE && this.version === 1n;
    demand(isNumber, "FORM", "signer identifier");
    const fields = this.identifier.fields();
    const [issuer, serial] = [fields.next(SEQUENCE), fields.next(INTEGER)];
    fields.end();
    serial.integer();
    const [found, ...more] = certificates.filter(
      (certificate) => equal(certificate.serial, serial.content) && sameName(certificate.issuer, issuer),
    );
    if (found === undefined || more.length)
      throw new CmsFault("FORM", "the signer's certificate is not there, or there twice");
    return found;
  }

  /** Return the one value of a signed attribute. */
  held(type: string): Der | null {
    return this.attributes.get(type) ?? null;
  }

  async checkAttributes(contentType: string, expected: Bytes, certificate: Certificate): Promise<void> {
    const items = this.signedAttributes?.items() ?? [];
    demand(items.length > 0, "ATTRIBUTES", "there are no signed attributes");
    for (const item of items) {
      const [type, values] = attributeOf(item);
      demand(!this.attributes.has(type), "ATTRIBUTES", "a signed attribute is there twice");
      demand(values.length === 1, "ATTRIBUTES", "a signed attribute has not one value");
      this.attributes.set(type, values[0]!);
    }
    const [type, made] = [this.held(CONTENT_TYPE), this.held(MESSAGE_DIGEST)];
    if (type === null || made === null)
      throw new CmsFault("ATTRIBUTES", "content type or message digest is missing");
    demand(type.oid() === contentType, "ATTRIBUTES", "content type");
    demand(equal(made.octets(), expected), "CONTENT", "was made over other content");
    demand(await this.namesCertificate(certificate), "ATTRIBUTES", "does not name the signer's certificate by its digest");
  }

  private async namesCertificate(certificate: Certificate): Promise<boolean> {
    const identified = this.held(SIGNING_CERTIFICATE_V2) ?? this.held(SIGNING_CERTIFICATE);
    if (identified === null) return false;
    const [first] = identified.fields().next(SEQUENCE).items();
    if (first === undefined) throw new DerFault("names no certificate");
    const fields = first.as(SEQUENCE).fields();
    let hash: Hash | "SHA-1" | undefined = "SHA-1"; // an identifier here; the signature itself binds the key
    if (this.held(SIGNING_CERTIFICATE_V2) !== null) {
      const algorithm = fields.optional(SEQUENCE);
      hash = algorithm === null ? "SHA-256" : HASHES[algorithmOf(algorithm)[0]];
    }
    return hash !== undefined && equal(fields.next().octets(), await digest(hash, certificate.der));
  }

  async checkSignature(certificate: Certificate, hash: Hash): Promise<void> {
    const raws = this.signedAttributes!.walk(readAll).items().map((item) => hex(item.raw));
    const isSorted = raws.every((raw, index) => index === 0 || raws[index - 1]! <= raw);
    demand(isSorted, "FORM", "signed attributes are not in DER");
    const message = concat(Uint8Array.of(SET), this.signedAttributes!.raw.subarray(1)); // RFC 5652 section 5.4
    const [oid, hasNone] = algorithmOf(this.signatureAlgorithm);
    demand(hasNone, "FORM", "parameters of the signature algorithm");
    const { kind } = certificate.key;
    const named = kind === "EC" ? [ECDSA_WITH[hash]] : [RSA, RSA_WITH[hash]];
    demand(kind !== "unknown", "FORM", "the signer's key is of an unsupported kind");
    demand(named.includes(oid), "FORM", `signature algorithm ${oid}`);
    const scheme: Scheme = { kind: kind === "EC" ? "ECDSA" : "RSASSA-PKCS1-v1_5", hash };
    demand(kind === "EC" || certificate.key.rsaBits >= 2048, "FORM", "an RSA key of fewer than 2,048 bits");
    if (this.held(SIGNING_TIME) !== null) this.held(SIGNING_TIME)!.time();
    const isSigned = await certificate.key.signed(scheme, this.signature, message);
    demand(isSigned, "SIGNATURE", "the signature was not made by the certificate's key");
  }

  tokens(): Bytes[] {
    if (this.unsignedAttributes === null) return [];
    const [only, ...more] = this.unsignedAttributes.items();
    if (only === undefined || more.length) throw new CmsFault("FORM", "there must be exactly one unsigned attribute");
    const [type, values] = attributeOf(only);
    demand(type === TIME_STAMP_TOKEN, "FORM", "an unsigned attribute that is no time stamp");
    return values.map((value) => value.raw);
  }
}

/** Return the name of an algorithm, and whether its parameters are absent or NULL (RFC 5754 sections 2 and 3). */
export function algorithmOf(identifier: Der): [oid: string, hasNoParameters: boolean] {
  const fields = identifier.as(SEQUENCE).fields();
  const oid = fields.next(OID).oid();
  const none = fields.optional(NULL);
  try {
    fields.end();
  } catch {
    return [oid, false];
  }
  return [oid, none === null || none.content.length === 0];
}

function attributeOf(attribute: Der): [type: string, values: Der[]] {
  const fields = attribute.as(SEQUENCE).fields();
  const found: [string, Der[]] = [fields.next(OID).oid(), fields.next(SET).items()];
  fields.end();
  return found;
}

function demand(holds: boolean, word: string, detail: string): void {
  if (!holds) throw new CmsFault(word, detail);
}
