/** Salted tokens of personal values, and the disclosures that open them, for as long as they are kept. */

import { sha256Hex } from "./digest.ts";
import { ascii, type Bytes, equal, fromUtf8, utf8 } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { DISCLOSURES } from "./layout.ts";
import { PERSONAL } from "./manifest.ts";

const DOMAIN = "probity.disclosure/v1";
const MAX_VALUE_CHARACTERS = 1024;
const MAX_LINE = 200 + 6 * MAX_VALUE_CHARACTERS; // a character is written as `\u001f` at the longest
const MAX_DISCLOSURES = 250_000;
export const MAX_DISCLOSURE_BYTES = 64 * 1024 * 1024;

const TOKEN = "token:[0-9a-f]{64}";
// A JSON string as RFC 8785 section 3.2.2.2 writes it: one spelling for every value.
const STRING = String.raw`"(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))+"`;
const LINE = new RegExp(`^\\{"salt":"([0-9a-f]{32})","token":"(${TOKEN})","value":(${STRING})\\}$`, "u");
const FIELD = "[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*";
const LISTED = new RegExp(`^(${TOKEN})  (${FIELD}(?:,${FIELD})*)$`);

/** A personal value with the salt that ties it to its token. */
export interface Disclosure {
  readonly token: string;
  readonly salt: string;
  readonly value: string;
}

/** Read `disclosures/personal.jsonl`; DISCLOSURE_FORM unless it has its one form. No message repeats what a line says. */
export function parse(data: Bytes): Disclosure[] {
  const found: Disclosure[] = [];
  for (const [index, line] of linesOf(data, DISCLOSURES, "DISCLOSURE_FORM").entries()) {
    const match = line.length > MAX_LINE ? null : LINE.exec(line);
    const value = match === null ? "" : (JSON.parse(match[3]!) as string);
    if (match === null || [...value].length > MAX_VALUE_CHARACTERS || (found.at(-1)?.token ?? "") >= match[2]!) {
      const what = 'not {"salt":…,"token":…,"value":…}, or not after the token before it';
      throw new VerificationError("DISCLOSURE_FORM", `${DISCLOSURES} line ${index + 1}: ${what}`);
    }
    found.push({ token: match[2]!, salt: match[1]!, value });
  }
  return found;
}

/** 1. every token is one that was sealed as disclosed; 2. salt and value have that token. */
export function check(disclosures: readonly Disclosure[], listed: ReadonlySet<string>): void {
  for (const [index, found] of disclosures.entries()) {
    const where = `${DISCLOSURES} line ${index + 1}`;
    if (!listed.has(found.token)) // 1
      throw new VerificationError("DISCLOSURE_UNKNOWN", `${where}: not a token of ${PERSONAL}`);
    if (tokenOf(found) !== found.token) // 2
      throw new VerificationError("DISCLOSURE_FORGED", `${where}: salt and value are not those of the sealed token`);
  }
}

/** Return the tokens of the sealed list; DISCLOSURE_LIST unless it is sorted, with sorted fields, nothing repeated. */
export function parseList(data: Bytes): ReadonlySet<string> {
  const listed = new Map<string, string[]>();
  for (const [index, line] of linesOf(data, PERSONAL, "DISCLOSURE_LIST").entries()) {
    const match = LISTED.exec(line);
    if (match === null)
      throw new VerificationError("DISCLOSURE_LIST", `${PERSONAL} line ${index + 1}: not '<token>  <field>,…'`);
    listed.set(match[1]!, match[2]!.split(","));
  }
  const lines = [...listed.keys()].sort().map((token) => {
    const fields = [...new Set(listed.get(token))].sort();
    return `${token}  ${fields.join(",")}\n`;
  });
  if (!equal(ascii(lines.join("")), data) || listed.size > MAX_DISCLOSURES)
    throw new VerificationError("DISCLOSURE_LIST", `${PERSONAL}: unsorted, repeated, or too long`);
  return new Set(listed.keys());
}

function tokenOf({ salt, value }: Disclosure): string {
  return `token:${sha256Hex(utf8(`{"domain":"${DOMAIN}","salt":"${salt}","value":${JSON.stringify(value)}}\n`))}`;
}

function linesOf(data: Bytes, member: string, reason: string): string[] {
  const text = fromUtf8(data);
  if (text === null) throw new VerificationError(reason, `${member}: not UTF-8`);
  const lines = text.split("\n");
  if (lines.pop() !== "" || !lines.length)
    throw new VerificationError(reason, `${member}: empty, or not ended by a line feed`);
  return lines;
}
