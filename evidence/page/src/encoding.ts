/** Bytes and the texts that stand for them: hexadecimal, base64 (RFC 4648 section 4), UTF-8, PEM (RFC 7468). */

export type Bytes = Uint8Array<ArrayBuffer>;

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function hex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += HEX[byte];
  return text;
}

export function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function utf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** Return the text of UTF-8 bytes, a byte order mark included, or null when they are none. */
export function fromUtf8(data: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}

/** Return bytes as characters of the same number, which is ASCII where they are ASCII. */
export function latin1(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return text;
}

/** Return a text with every byte beyond ASCII written as `\xNN`, as error messages show foreign bytes. */
export function shown(data: Uint8Array): string {
  return latin1(data).replace(/[^\x00-\x7f]/g, (c) => `\\x${HEX[c.charCodeAt(0)]}`);
}

/** Return the bytes of base64 text, or null unless it is exactly what an encoder writes. */
export function fromBase64(text: string): Bytes | null {
  if (!BASE64.test(text)) return null;
  const data = ascii(atob(text));
  return base64(data) === text ? data : null;
}

export function base64(data: Uint8Array): string {
  return btoa(latin1(data));
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Return the one PEM form of DER bytes. */
export function pem(label: string, der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Return the DER of every PEM block with a label, whatever text is around them; null when a block is malformed. */
export function fromPem(text: string, label: string): Bytes[] | null {
  const found: Bytes[] = [];
  const parts = text.split(`-----BEGIN ${label}-----`);
  for (const part of parts.slice(1)) {
    const [body, rest] = part.split(`-----END ${label}-----`, 2);
    const der = rest === undefined || body === undefined ? null : fromBase64(body.replace(/\s/g, ""));
    if (der === null) return null;
    found.push(der);
  }
  return found;
}
