/** SHA-256 and CRC-32 over pieces of any number: WebCrypto digests only what lies in memory as a whole. */

import { sha256 as noble } from "@noble/hashes/sha2.js";
import { type Bytes, hex } from "./encoding.ts";

export interface Hasher {
  update(data: Uint8Array): void;
  hex(): string;
}

export function hasher(): Hasher {
  const state = noble.create();
  return { update: (data) => void state.update(data), hex: () => hex(state.digest()) };
}

export function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(noble(data));
}

export function sha256Hex(data: Uint8Array): string {
  return hex(noble(data));
}

/** Tables that take eight bytes a step: a gibibyte is read in seconds. */
const TABLES = (() => {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const first = tables[0]!;
  for (let n = 0; n < 256; n++) {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    first[n] = value;
  }
  for (let n = 0; n < 256; n++)
    for (let k = 1; k < 8; k++) {
      const before = tables[k - 1]![n]!;
      tables[k]![n] = first[before & 255]! ^ (before >>> 8);
    }
  return tables;
})();

/** Return the CRC-32 (PKWARE APPNOTE 4.4.7) of what `before` is the CRC-32 of, followed by `data`. */
export function crc32(data: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as unknown as [
    Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array,
  ];
  let crc = ~before;
  let at = 0;
  for (const end = data.length & ~7; at < end; at += 8) {
    crc ^= data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    crc =
      t7[crc & 255]! ^ t6[(crc >>> 8) & 255]! ^ t5[(crc >>> 16) & 255]! ^ t4[crc >>> 24]! ^
      t3[data[at + 4]!]! ^ t2[data[at + 5]!]! ^ t1[data[at + 6]!]! ^ t0[data[at + 7]!]!;
  }
  for (; at < data.length; at++) crc = t0[(crc ^ data[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
