/** The strict ZIP profile: one byte sequence per set of members (PKWARE APPNOTE 6.3.3 sections 4.3.7 to 4.3.16). */

import { ascii, type Bytes, concat } from "./encoding.ts";

export const MAX_MEMBERS = 10_000;
export const MAX_NAME_LENGTH = 240;
export const MAX_CONTAINER_BYTES = 2 ** 32 - 2; // 2**32 - 1 announces ZIP64
export const LOCAL_FIXED = 30;
export const CENTRAL_FIXED = 46;
export const END_BYTES = 22;
export const STORED = 0;
export const REGULAR_0644 = 0o100644 * 2 ** 16;

/** One member as the directory describes it; `offset` is that of its local header, `data` that of its content. */
export interface Entry {
  readonly name: string;
  readonly size: number;
  readonly crc32: number;
  readonly offset: number;
  readonly data: number;
}

/** Return little-endian numbers, each given with its width in bytes. */
function numbers(...fields: [width: 2 | 4, value: number][]): Bytes {
  const out = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return out;
}

function common({ name, size, crc32 }: Entry): Bytes {
  // version needed, flags, method, midnight, 1980-01-01, CRC, both sizes, lengths of name and extra fields
  const dated = numbers([2, 20], [2, 0], [2, STORED], [2, 0], [2, 0x21]);
  return concat(dated, numbers([4, crc32], [4, size], [4, size], [2, name.length], [2, 0]));
}

export function localHeader(entry: Entry): Bytes {
  return concat(ascii("PK\x03\x04"), common(entry), ascii(entry.name));
}

export function centralHeader(entry: Entry): Bytes {
  // lengths of comment and disk, internal and external attributes, offset
  const tail = numbers([2, 0], [2, 0], [2, 0], [4, REGULAR_0644], [4, entry.offset]);
  return concat(ascii("PK\x01\x02"), numbers([2, (3 << 8) | 20]), common(entry), tail, ascii(entry.name));
}

export function endRecord(count: number, centralSize: number, centralOffset: number): Bytes {
  return concat(
    ascii("PK\x05\x06"),
    numbers([2, 0], [2, 0], [2, count], [2, count], [4, centralSize], [4, centralOffset], [2, 0]),
  );
}

/** Return why a member name is outside the profile, or null. */
export function nameFault(name: string): string | null {
  if (name.length > MAX_NAME_LENGTH) return `name longer than ${MAX_NAME_LENGTH} characters`;
  if (!/^[A-Za-z0-9._/-]+$/.test(name)) return "name has characters other than A-Z a-z 0-9 . _ / -";
  if (name.split("/").some((segment) => segment === "" || segment === "." || segment === ".."))
    return "name is absolute or has an empty, '.' or '..' segment";
  return null;
}

/** Return what is wrong, the member and the reason code when two names would land on one file of some file system. */
export function collision(names: readonly string[]): [what: string, name: string, reason: string] | null {
  const folders = new Set<string>();
  const seen = new Map<string, string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const other = seen.get(lower);
    if (other === name) return ["present twice", name, "DUPLICATE_MEMBER"];
    if (other !== undefined) return [`differs from ${other} only by case`, name, "CASE_COLLISION"];
    seen.set(lower, name);
    const parts = lower.split("/");
    for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join("/"));
  }
  const clash = [...folders].filter((folder) => seen.has(folder)).sort()[0];
  return clash === undefined ? null : ["is both a file and a folder", seen.get(clash)!, "PATH_COLLISION"];
}
