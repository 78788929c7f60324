/** C2SP signed notes and verifier keys with Ed25519 (c2sp.org/signed-note, c2sp.org/tlog-cosignature). */

import { sha256 } from "./digest.ts";
import { base64, type Bytes, concat, equal, fromBase64, fromUtf8, hex, utf8 } from "./encoding.ts";
import { BadInput, NotCheckedHere, VerificationError } from "./errors.ts";

const MAX_NOTE_BYTES = 16 * 1024;
const MAX_TIME = 253_402_300_799; // the end of the year 9999, in seconds since 1970
const KEY_BYTES = 32;
const ID_BYTES = 4;
const TIME_BYTES = 8;
const NAME = "[^\\s+\\x00-\\x1f]+";
const VKEY = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/]+=*)$`, "u");
const LINE = new RegExp(`^— (${NAME}) ([A-Za-z0-9+/]+=*)$`, "u");

/** The signature types that a key id commits to. */
export const LOG = 1;
export const WITNESS = 4;
export type KeyType = typeof LOG | typeof WITNESS;

export interface NoteKey {
  readonly name: string;
  readonly type: KeyType;
  readonly public: Bytes;
  /** The first four bytes of SHA-256(name || LF || type || key). */
  readonly id: Bytes;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Bytes;
  readonly signature: Bytes;
}

/** A text that ends in a newline, and its signatures. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Read a signed note; LEDGER_NOTE_FORM unless it has the one form it may have. Nothing is verified here. */
export function parse(data: Bytes): Note {
  const whole = fromUtf8(data);
  if (whole === null) throw malformed("is not UTF-8");
  const split = whole.lastIndexOf("\n\n");
  const lines = whole.slice(split + 2);
  if (split < 0 || !lines.endsWith("\n") || data.length > MAX_NOTE_BYTES)
    throw malformed("is not a text, an empty line and signatures");
  if (/[\x00-\x09\x0b-\x1f]/.test(whole)) throw malformed("has control characters");
  const note = { text: whole.slice(0, split + 1), signatures: lines.slice(0, -1).split("\n").map(readLine) };
  const encoded = `${note.text}\n${note.signatures.map(encodeLine).join("")}`;
  if (!equal(utf8(encoded), data)) throw malformed("is not in the one form it may have");
  return note;
}

/** Verify a log's signature over a note's text. */
export async function check(signature: NoteSignature, key: NoteKey, text: string): Promise<void> {
  if (key.type !== LOG || !isBy(signature, key))
    throw new VerificationError("LEDGER_WRONG_KEY", `signed by ${printableName(signature)}, not by the pinned ${key.name}`);
  if (!(await verifies(key, signature.signature, utf8(text))))
    throw new VerificationError("LEDGER_BAD_SIGNATURE", `the signature of ${key.name} is not over this checkpoint`);
}

/** Verify a witness's signature and return its time in seconds since 1970. */
export async function checkCosignature(signature: NoteSignature, key: NoteKey, text: string): Promise<number> {
  if (key.type !== WITNESS || !isBy(signature, key))
    throw new VerificationError("WITNESS_WRONG_KEY", `signed by ${printableName(signature)}, not by the pinned ${key.name}`);
  const time = signature.signature.subarray(0, TIME_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  if (time > MAX_TIME || !(await verifies(key, signature.signature.slice(TIME_BYTES), message)))
    throw new VerificationError("WITNESS_BAD_SIGNATURE", `the cosignature of ${key.name} is not over this checkpoint`);
  return time;
}

/** Read one verifier key, a line of its own; BadInput unless it is whole and of the kind asked for. */
export function parseVkey(text: string, kind: KeyType, place: string): NoteKey {
  const match = VKEY.exec(text.replace(/^\n+|\n+$/g, ""));
  const raw = match === null ? null : fromBase64(match[3]!);
  if (match === null || raw === null || raw.length !== 1 + KEY_BYTES)
    throw badKey(place, "is not one C2SP verifier key: name+id+key");
  if (raw[0] !== kind) throw badKey(place, `is not the key of a ${kind === LOG ? "log" : "witness"}`);
  const id = sha256(concat(utf8(`${match[1]}\n`), raw)).slice(0, ID_BYTES);
  if (hex(id) !== match[2]) throw badKey(place, "names a key id that is not the key's own");
  return { name: match[1]!, type: kind, public: raw.slice(1), id };
}

export function printableName(signature: NoteSignature): string {
  return `${signature.name}+${hex(signature.keyId)}`;
}

function readLine(line: string): NoteSignature {
  const match = LINE.exec(line);
  const raw = match === null ? null : fromBase64(match[2]!);
  if (match === null || raw === null || raw.length <= ID_BYTES) throw malformed("has a line that is no signature");
  return { name: match[1]!, keyId: raw.slice(0, ID_BYTES), signature: raw.slice(ID_BYTES) };
}

function encodeLine(signature: NoteSignature): string {
  return `— ${signature.name} ${base64(concat(signature.keyId, signature.signature))}\n`;
}

function isBy(signature: NoteSignature, key: NoteKey): boolean {
  return signature.name === key.name && equal(signature.keyId, key.id);
}

async function verifies(key: NoteKey, signature: Bytes, message: Bytes): Promise<boolean> {
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey("raw", key.public, "Ed25519", false, ["verify"]);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "NotSupportedError")
      throw new NotCheckedHere("this browser has no Ed25519; use a newer one, or probity verify");
    return false;
  }
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

function malformed(what: string): VerificationError {
  return new VerificationError("LEDGER_NOTE_FORM", `the signed note ${what}`);
}

function badKey(place: string, what: string): BadInput {
  return new BadInput("K020", place, what, "keys are made by: probity keys new DIR");
}
