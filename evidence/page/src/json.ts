/** Strict JSON in, canonical JSON (RFC 8785) out: what is hashed has exactly one form. */

import { type Bytes, fromUtf8, utf8 } from "./encoding.ts";

/** A number written with a fraction or an exponent: no field of a bundle has one, and it must not pass for an integer. */
export class Fraction {
  constructor(readonly value: number) {}
}

export type Json = null | boolean | number | bigint | Fraction | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export const MAX_JSON_BYTES = 256 * 1024 * 1024;
const MAX_JSON_DEPTH = 64;
const MAX_DIGITS = 4300;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const PLAIN = /[^"\\\x00-\x1f]*/y;
const BLANK = /[ \t\n\r]*/y;
const ESCAPES: Record<string, string> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class NotJson extends Error {}

/** Parse untrusted JSON: UTF-8 only, no duplicate keys, no NaN, no lone surrogates, bounded size and depth. */
export function strictJson(data: Uint8Array, what: string, fail: (message: string) => Error): Json {
  if (data.length > MAX_JSON_BYTES) throw fail(`${what}: ${data.length} bytes exceed the limit of ${MAX_JSON_BYTES}`);
  const text = fromUtf8(data);
  if (text === null) throw fail(`${what}: not strict JSON (not UTF-8)`);
  return parseJson(text, what, fail);
}

/** Parse untrusted JSON that is a text already. */
export function parseJson(text: string, what: string, fail: (message: string) => Error): Json {
  try {
    return new Parser(text).document();
  } catch (cause) {
    if (cause instanceof NotJson) throw fail(`${what}: not strict JSON (${cause.message})`);
    throw cause;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Fraction);
}

/** Return the RFC 8785 bytes of a value, or null when it has none: a number that not every reader can hold. */
export function canonicalBytes(value: Json): Bytes | null {
  try {
    return utf8(canonical(value));
  } catch (cause) {
    if (cause instanceof NotJson) return null;
    throw cause;
  }
}

function canonical(value: Json): string {
  if (typeof value === "bigint") throw new NotJson("integer beyond 2**53");
  if (typeof value === "number") return String(value);
  if (value instanceof Fraction) {
    if (!Number.isFinite(value.value)) throw new NotJson("number beyond all bounds");
    return String(value.value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`);
  return `{${pairs.join(",")}}`;
}

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): Json {
    this.blank();
    const value = this.value(1);
    this.blank();
    if (this.at !== this.text.length) throw this.fault("something follows the value");
    return value;
  }

  private value(depth: number): Json {
    if (depth > MAX_JSON_DEPTH) throw this.fault(`nested deeper than ${MAX_JSON_DEPTH} levels`);
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const found = Object.create(null) as JsonObject; // no prototype: "__proto__" is a key like any other
    this.items("}", () => {
      if (this.text[this.at] !== '"') throw this.fault("a key must be a string");
      const key = this.string();
      if (Object.hasOwn(found, key)) throw this.fault(`duplicate key ${JSON.stringify(key)}`);
      this.blank();
      this.expect(":");
      this.blank();
      found[key] = this.value(depth + 1);
    });
    return found;
  }

  private array(depth: number): Json[] {
    const found: Json[] = [];
    this.items("]", () => void found.push(this.value(depth + 1)));
    return found;
  }

  /** Read what stands between brackets, separated by commas. */
  private items(end: string, item: () => void): void {
    this.at++;
    this.blank();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      item();
      this.blank();
      if (this.text[this.at] === end) break;
      this.expect(",");
      this.blank();
    }
    this.at++;
  }

  private string(): string {
    this.at++;
    let found = "";
    for (;;) {
      found += this.match(PLAIN)![0];
      const next = this.text[this.at++];
      if (next === '"') break;
      if (next !== "\\") throw this.fault("a string is not ended, or has a control character");
      found += this.escape();
    }
    if (!found.isWellFormed()) throw this.fault("half of a surrogate pair");
    return found;
  }

  private escape(): string {
    const kind = this.text[this.at++] ?? "";
    if (kind !== "u") {
      const character = ESCAPES[kind];
      if (character === undefined) throw this.fault("unknown escape");
      return character;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fault("unknown escape");
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): Json {
    const match = this.match(NUMBER);
    if (match === null) throw this.fault("no value");
    if (match[1] !== undefined || match[2] !== undefined) return new Fraction(Number(match[0]));
    if (match[0].length > MAX_DIGITS) throw this.fault("a number has too many digits");
    const number = Number(match[0]);
    return Number.isSafeInteger(number) ? number : BigInt(match[0]);
  }

  private word<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.fault("no value");
    this.at += word.length;
    return value;
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match !== null) this.at = pattern.lastIndex;
    return match;
  }

  private blank(): void {
    this.match(BLANK);
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) throw this.fault(`expected ${character}`);
    this.at++;
  }

  private fault(message: string): NotJson {
    return new NotJson(`${message} at character ${this.at}`);
  }
}
