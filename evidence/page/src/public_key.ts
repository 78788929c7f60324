/** Signatures of certificates, revocation lists and CMS objects: ECDSA on NIST curves and RSA, checked by WebCrypto. */

import { Der, DerFault, SEQUENCE } from "./der.ts";
import { type Bytes, concat, hex } from "./encoding.ts";
import { NotCheckedHere } from "./errors.ts";

export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

export const HASHES: Readonly<Record<string, Hash>> = {
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};

/** How a signature was made. */
export interface Scheme {
  readonly kind: "ECDSA" | "RSASSA-PKCS1-v1_5" | "RSA-PSS";
  readonly hash: Hash;
}

/** The DER of the algorithm identifiers that RFC 5280 validation accepts, in hexadecimal (CA/B Forum BR 7.1.3.2). */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ["300a06082a8648ce3d040302", { kind: "ECDSA", hash: "SHA-256" }],
  ["300a06082a8648ce3d040303", { kind: "ECDSA", hash: "SHA-384" }],
  ["300a06082a8648ce3d040304", { kind: "ECDSA", hash: "SHA-512" }],
  ["300d06092a864886f70d01010b0500", { kind: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }],
  ["300d06092a864886f70d01010c0500", { kind: "RSASSA-PKCS1-v1_5", hash: "SHA-384" }],
  ["300d06092a864886f70d01010d0500", { kind: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }],
  [pss("01", "20"), { kind: "RSA-PSS", hash: "SHA-256" }],
  [pss("02", "30"), { kind: "RSA-PSS", hash: "SHA-384" }],
  [pss("03", "40"), { kind: "RSA-PSS", hash: "SHA-512" }],
]);
const SALT_BYTES: Readonly<Record<Hash, number>> = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

/** The DER of the algorithms of keys that may issue certificates, and the bytes of a curve's numbers. */
const KEYS: ReadonlyMap<string, { kind: "RSA" | "EC"; curve?: string; bytes?: number }> = new Map([
  ["300d06092a864886f70d0101010500", { kind: "RSA" as const }],
  ["301306072a8648ce3d020106082a8648ce3d030107", { kind: "EC" as const, curve: "P-256", bytes: 32 }],
  ["301006072a8648ce3d020106052b81040022", { kind: "EC" as const, curve: "P-384", bytes: 48 }],
  ["301006072a8648ce3d020106052b81040023", { kind: "EC" as const, curve: "P-521", bytes: 66 }],
]);
const EC_KEY = "1.2.840.10045.2.1";

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
export class PublicKeyInfo {
  readonly der: Bytes;
  readonly curve: string | null;
  readonly kind: "RSA" | "EC" | "unknown";
  /** Whether the algorithm is one of those that may issue certificates. */
  readonly isPermitted: boolean;
  private readonly bytes: number;
  private readonly key: Bytes;

  constructor(der: Der) {
    const fields = der.as(SEQUENCE).fields();
    const identifier = algorithmIdentifier(fields.next());
    const algorithm = hex(identifier.raw);
    this.key = fields.next().bits();
    fields.end();
    const known = KEYS.get(algorithm);
    this.der = der.raw;
    this.kind = known?.kind ?? (identifier.items()[0]!.oid() === EC_KEY ? "EC" : "unknown");
    this.curve = known?.curve ?? null;
    this.bytes = known?.bytes ?? 0;
    this.isPermitted = known !== undefined;
  }

  /** Return how many bits an RSA modulus has; 0 for other keys. */
  get rsaBits(): number {
    const modulus = this.kind === "RSA" ? Der.of(this.key, SEQUENCE).items()[0] : undefined;
    return modulus === undefined ? 0 : modulus.integer().toString(2).length;
  }

  /** Return whether this key made the signature over the message. */
  async signed(scheme: Scheme, signature: Bytes, message: Bytes): Promise<boolean> {
    if ((scheme.kind === "ECDSA") !== (this.kind === "EC") || this.kind === "unknown") return false;
    if (this.kind === "EC" && this.curve === null)
      throw new NotCheckedHere("this page knows the curves P-256, P-384 and P-521, and a key is on another");
    const raw = scheme.kind === "ECDSA" ? this.sideBySide(signature) : signature;
    if (raw === null) return false;
    const name = { name: scheme.kind, hash: scheme.hash, ...(this.curve && { namedCurve: this.curve }) };
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("spki", this.der, name, false, ["verify"]);
    } catch {
      return false; // a point that is not on its curve, a modulus that is none
    }
    return crypto.subtle.verify({ ...name, saltLength: SALT_BYTES[scheme.hash] }, key, raw, message);
  }

  /** Return r and s side by side, as WebCrypto takes them. */
  private sideBySide(signature: Bytes): Bytes | null {
    const numbers = ecdsaNumbers(signature);
    const limit = 1n << BigInt(8 * this.bytes);
    if (numbers === null || numbers.some((number) => number < 0n || number >= limit)) return null;
    return concat(bigEndian(numbers[0], this.bytes), bigEndian(numbers[1], this.bytes));
  }
}

/** Return an algorithm identifier: a name and at most one parameter. */
export function algorithmIdentifier(found: Der): Der {
  const [name, parameter, ...more] = found.as(SEQUENCE).items();
  if (name === undefined || more.length) throw new DerFault("no algorithm identifier");
  if (name.oid() === EC_KEY && parameter !== undefined) parameter.oid(); // named curves alone (RFC 5480)
  return found;
}

/** Return the scheme of an algorithm identifier, or null when it is not a permitted one. */
export function schemeOf(algorithm: Der): Scheme | null {
  return SCHEMES.get(hex(algorithm.raw)) ?? null;
}

/** Return r and s of an ECDSA signature in DER (RFC 3279 section 2.2.3), or null for any other bytes. */
export function ecdsaNumbers(signature: Bytes): [bigint, bigint] | null {
  try {
    const fields = Der.of(signature, SEQUENCE).fields();
    const numbers: [bigint, bigint] = [fields.next().integer(), fields.next().integer()];
    fields.end();
    return numbers;
  } catch (cause) {
    if (cause instanceof DerFault) return null;
    throw cause;
  }
}

/** Return a non-negative number as bytes of a fixed length. */
export function bigEndian(value: bigint, bytes: number): Bytes {
  const digits = value.toString(16).padStart(2 * bytes, "0");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export async function digest(hash: Hash | "SHA-1", data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, data));
}

function pss(hash: string, salt: string): string {
  const algorithm = `300d0609608648016503040${hash.padStart(3, "2")}0500`;
  return `304106092a864886f70d01010a3034a00f${algorithm}a11c301a06092a864886f70d010108${algorithm}a2030201${salt}`;
}
