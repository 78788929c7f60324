/** The objects of an untrusted JSON array, one after the other, in memory bounded by one of them. */

import type { Bytes } from "./encoding.ts";
import { type Json, parseJson } from "./json.ts";

const MAX_ELEMENT_CHARACTERS = 1024 * 1024;
const AFTER: Readonly<Record<string, string>> = { "[": "{]", ",": "{", "]": "" };

/** Yield the objects; what is between them is white space and commas, and nothing follows. */
export async function* objectsOf(
  chunks: AsyncIterable<Bytes>, what: string, fail: (message: string) => Error,
): AsyncGenerator<Json> {
  const bad = (why: string): Error => fail(`${what}: not a strict JSON array of objects (${why})`);
  let [text, expected] = ["", "["]; // what is not read yet, and with what it may go on
  for await (const piece of decoded(chunks, bad)) {
    text += piece;
    let at = 0;
    for (;;) {
      at = skipBlank(text, at);
      const mark = text[at];
      if (mark === undefined) break;
      if (!expected.includes(mark)) throw bad(`${mark} where one of ${expected || "nothing"} may stand`);
      if (mark !== "{") {
        [at, expected] = [at + 1, AFTER[mark]!];
        continue;
      }
      const end = endOf(text, at);
      if ((end ?? text.length) - at > MAX_ELEMENT_CHARACTERS) throw bad("an object beyond all measure");
      if (end === null) break;
      yield parseJson(text.slice(at, end), what, fail);
      [at, expected] = [end, ",]"];
    }
    text = text.slice(at);
  }
  if (text !== "" || expected !== "") throw bad("cut short");
}

async function* decoded(chunks: AsyncIterable<Bytes>, bad: (why: string) => Error): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Bytes): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw bad("not UTF-8");
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}

function skipBlank(text: string, at: number): number {
  while (at < text.length && " \t\n\r".includes(text[at]!)) at++;
  return at;
}

/** Return where the object that begins there ends, by its braces alone; null when not all of it is there yet. */
function endOf(text: string, start: number): number | null {
  const token = /["{}]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '"') {
      const end = endOfString(text, match.index + 1);
      if (end === null) return null;
      token.lastIndex = end;
    } else if (match[0] === "{") depth++;
    else if (--depth === 0) return match.index + 1;
  }
  return null;
}

function endOfString(text: string, start: number): number | null {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return null;
}
