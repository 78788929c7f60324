/** DER (ITU-T X.690), read strictly: definite and shortest lengths, nothing left over, low tag numbers. */

import { type Bytes, fromUtf8, hex } from "./encoding.ts";
import { instantText, parseInstant } from "./instant.ts";

/** The bytes are not what the caller expects; which reason code that is, the caller knows. */
export class DerFault extends Error {}

export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;
const MAX_DEPTH = 40;
const CONSTRUCTED = 0x20;
const NOT_UNIVERSAL = 0xc0;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** Return the tag of a context-specific element. */
export function context(number: number, kind: "constructed" | "primitive" = "constructed"): number {
  return (kind === "constructed" ? 0xa0 : 0x80) | number;
}

/** One element: where it begins, where its content begins and where both end. */
export class Der {
  private constructor(
    private readonly data: Bytes,
    private readonly at: number,
    private readonly start: number,
    private readonly end: number,
  ) {}

  /** Return the one element that the bytes are. */
  static of(data: Bytes, tag?: number): Der {
    const found = Der.at(data, 0, data.length);
    if (found.end !== data.length) throw new DerFault("something follows the element");
    return tag === undefined ? found : found.as(tag);
  }

  private static at(data: Bytes, at: number, limit: number): Der {
    const first = data[at + 1];
    if (at + 2 > limit || first === undefined) throw new DerFault("cut short");
    if ((data[at]! & 0x1f) === 0x1f) throw new DerFault("a high tag number");
    let [start, size] = [at + 2, first];
    if (first >= 0x80) {
      const count = first & 0x7f;
      start += count;
      if (count === 0 || count > 4 || start > limit) throw new DerFault("a length beyond all bounds");
      size = data.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
      if (size < 0x80 || size < 256 ** (count - 1)) throw new DerFault("a length that is not the shortest");
    }
    if (start + size > limit) throw new DerFault("cut short");
    return new Der(data, at, start, start + size);
  }

  get tag(): number {
    return this.data[this.at]!;
  }

  /** The whole element. */
  get raw(): Bytes {
    return this.data.slice(this.at, this.end);
  }

  get content(): Bytes {
    return this.data.slice(this.start, this.end);
  }

  as(tag: number): Der {
    if (this.tag !== tag) throw new DerFault(`tag ${this.tag}, not ${tag}`);
    return this;
  }

  /** Return the elements inside. */
  items(): Der[] {
    const found: Der[] = [];
    for (let at = this.start; at < this.end; at = found.at(-1)!.end) found.push(Der.at(this.data, at, this.end));
    return found;
  }

  /**
   * Look at everything inside, so that nothing is in another than its one encoding because nobody read it.
   *
   * `read` is called with every value that has no elements. Not checked: the order of sets, which some authorities
   * get wrong.
   */
  walk(read: (value: Der) => void = () => {}, depth = MAX_DEPTH): this {
    if (depth === 0) throw new DerFault(`nested deeper than ${MAX_DEPTH} levels`);
    if (this.tag & CONSTRUCTED) {
      if (!(this.tag & NOT_UNIVERSAL) && this.tag !== SEQUENCE && this.tag !== SET) throw new DerFault("a value in pieces");
      for (const item of this.items()) item.walk(read, depth - 1);
      return this;
    }
    if (this.tag === BOOLEAN) this.boolean();
    else if (this.tag === INTEGER) this.integer();
    else if (this.tag === NULL && this.start !== this.end) throw new DerFault("a null with content");
    read(this);
    return this;
  }

  /** Return a reader of the fields of a sequence. */
  fields(): Fields {
    return new Fields(this.items());
  }

  /** Return the one element inside, of an explicit tag. */
  only(tag: number): Der {
    const [found, ...more] = this.items();
    if (found === undefined || more.length) throw new DerFault("not exactly one element");
    return found.as(tag);
  }

  oid(): string {
    const { content } = this.as(OID);
    if (!content.length || content.at(-1)! & 0x80) throw new DerFault("an object identifier that is cut short");
    const numbers: number[] = [];
    let number = 0;
    for (const byte of content) {
      if (number === 0 && byte === 0x80) throw new DerFault("an object identifier that is not the shortest");
      number = number * 128 + (byte & 0x7f);
      if (byte & 0x80) continue;
      numbers.push(number);
      number = 0;
    }
    const [first = 0, ...rest] = numbers;
    const root = Math.min(2, Math.floor(first / 40));
    return [root, first - 40 * root, ...rest].join(".");
  }

  integer(): bigint {
    const { content } = this.as(INTEGER);
    const [first, second] = content;
    if (first === undefined) throw new DerFault("an empty integer");
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
      throw new DerFault("an integer that is not the shortest");
    const value = BigInt(`0x${hex(content)}`);
    return first < 0x80 ? value : value - (1n << BigInt(8 * content.length));
  }

  boolean(): boolean {
    const { content } = this;
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerFault("no boolean");
    return content[0] === 0xff;
  }

  /** Return the bytes of a bit string of whole bytes. */
  bits(): Bytes {
    const { content } = this.as(BIT_STRING);
    if (content[0] !== 0) throw new DerFault("a bit string with unused bits");
    return content.slice(1);
  }

  octets(): Bytes {
    return this.as(OCTET_STRING).content;
  }

  get isGeneralizedTime(): boolean {
    return this.tag === GENERALIZED_TIME;
  }

  /** Return a UTCTime (years 1950 to 2049) or a GeneralizedTime in milliseconds since 1970. */
  time(): number {
    const text = String.fromCharCode(...this.content);
    const match =
      this.tag === UTC_TIME
        ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
        : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z$/.exec(text);
    if ((this.tag !== UTC_TIME && !this.isGeneralizedTime) || match === null) throw new DerFault("no time in UTC");
    const [, digits, month, day, hour, minute, second, fraction] = match;
    const year = this.tag === UTC_TIME ? `${Number(digits) < 50 ? "20" : "19"}${digits}` : digits;
    const rest = fraction === undefined ? "" : `.${fraction.slice(0, 6)}`;
    const instant = parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}${rest}Z`);
    if (instant === null) throw new DerFault("no time in UTC");
    return instant;
  }
}

/** The fields of a sequence, taken one after the other. */
export class Fields {
  private at = 0;

  constructor(private readonly items: readonly Der[]) {}

  next(tag?: number): Der {
    const found = this.items[this.at++];
    if (found === undefined) throw new DerFault("a field is missing");
    return tag === undefined ? found : found.as(tag);
  }

  /** Return the next field when it has one of these tags, or null. */
  optional(...tags: number[]): Der | null {
    const found = this.items[this.at];
    if (found === undefined || !tags.includes(found.tag)) return null;
    this.at++;
    return found;
  }

  /** DerFault unless every field was taken. */
  end(): void {
    if (this.at !== this.items.length) throw new DerFault("an unknown field");
  }
}

/** Read names and times: DerFault when one is malformed. */
export function readNamesAndTimes(value: Der): void {
  if (value.tag === OID) value.oid();
  else if (value.tag === UTC_TIME || value.isGeneralizedTime) value.time();
}

/** Read texts as well. */
export function readAll(value: Der): void {
  readNamesAndTimes(value);
  if (value.tag === UTF8_STRING && fromUtf8(value.content) === null) throw new DerFault("a text that is not UTF-8");
}

/** Return an instant for a message. */
export function dated(instant: number): string {
  return instantText(Math.floor(instant / 1000) * 1000);
}
