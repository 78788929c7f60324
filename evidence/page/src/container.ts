/** Read the container: a ZIP of the strict profile, in pieces, out of a file the browser keeps on disk. */

import { ascii, type Bytes, concat, equal, shown } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import {
  CENTRAL_FIXED, centralHeader, collision, END_BYTES, endRecord, type Entry, LOCAL_FIXED, localHeader,
  MAX_CONTAINER_BYTES, MAX_MEMBERS, MAX_NAME_LENGTH, nameFault, REGULAR_0644, STORED,
} from "./zip_profile.ts";

export const CHUNK = 4 * 1024 * 1024;

/** An open bundle whose every header was compared with the profile; content is not yet trusted. */
export class Container {
  readonly entries: ReadonlyMap<string, Entry>;

  constructor(
    private readonly file: Blob,
    entries: readonly Entry[],
  ) {
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /** Yield a member's content in pieces of at most `CHUNK` bytes. */
  async *chunks(name: string): AsyncGenerator<Bytes> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new VerificationError("MISSING_MEMBER", name);
    for (let done = 0; done < entry.size; done += CHUNK)
      yield await readAt(this.file, entry.data + done, Math.min(CHUNK, entry.size - done));
  }

  /** Return a member's content; LIMIT_EXCEEDED when it is larger than `limit` bytes. */
  async read(name: string, limit: number): Promise<Bytes> {
    const entry = this.entries.get(name);
    if (entry !== undefined && entry.size > limit)
      throw new VerificationError("LIMIT_EXCEEDED", `${name}: ${entry.size} bytes exceed the limit of ${limit}`);
    const parts: Bytes[] = [];
    for await (const chunk of this.chunks(name)) parts.push(chunk);
    return concat(...parts);
  }
}

/**
 * Return the container after comparing every header with the profile (BUNDLE.md step 1).
 *
 * 1. the end record is the last 22 bytes and accounts for the whole file; 2. counts and sizes are within the limits;
 * 3. each central header is byte for byte the one the writer makes; 4. names obey the grammar, are sorted, unique and
 * free of collisions; 5. members touch; 6. each local header is byte for byte the one the writer makes.
 */
export async function readContainer(file: Blob): Promise<Container> {
  const [count, centralSize, centralOffset] = await readEnd(file); // 1, 2
  const entries = readCentral(await readAt(file, centralOffset, centralSize), count); // 3
  checkNames(entries.map((entry) => entry.name)); // 4
  let expected = 0;
  for (const entry of entries) {
    if (entry.offset !== expected) // 5
      throw new VerificationError("UNACCOUNTED_BYTES", `${entry.name}: starts at ${entry.offset}, not at ${expected}`);
    await checkLocal(file, entry); // 6
    expected = entry.data + entry.size;
  }
  if (expected !== centralOffset) // 5
    throw new VerificationError("UNACCOUNTED_BYTES", `members end at ${expected}, directory starts at ${centralOffset}`);
  return new Container(file, entries);
}

async function readEnd(file: Blob): Promise<[number, number, number]> {
  const length = file.size;
  if (length <= END_BYTES || length > MAX_CONTAINER_BYTES)
    throw new VerificationError("NOT_A_BUNDLE", `${length} bytes are not within the limits of a bundle`);
  const record = await readAt(file, length - END_BYTES, END_BYTES);
  const view = new DataView(record.buffer);
  const [count, size, offset] = [view.getUint16(10, true), view.getUint32(12, true), view.getUint32(16, true)];
  if (!equal(record, endRecord(count, size, offset)))
    throw new VerificationError("END_RECORD", "the last 22 bytes are not the end record of a bundle");
  if (offset + size + END_BYTES !== length)
    throw new VerificationError("UNACCOUNTED_BYTES", "bytes lie before, between or after the parts of the container");
  if (count > MAX_MEMBERS || size > MAX_MEMBERS * (CENTRAL_FIXED + MAX_NAME_LENGTH))
    throw new VerificationError("LIMIT_EXCEEDED", `${count} members exceed the limit of ${MAX_MEMBERS}`);
  return [count, size, offset];
}

function readCentral(central: Bytes, count: number): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < central.length; at += CENTRAL_FIXED + entries.at(-1)!.name.length)
    entries.push(centralEntry(central, at, entries.length));
  if (entries.length !== count)
    throw new VerificationError(
      "END_RECORD", `the end record announces ${count} members, the directory has ${entries.length}`,
    );
  return entries;
}

function centralEntry(central: Bytes, at: number, index: number): Entry {
  const header = central.subarray(at, at + CENTRAL_FIXED);
  if (header.length < CENTRAL_FIXED || !equal(header.subarray(0, 4), ascii("PK\x01\x02")))
    throw new VerificationError("CENTRAL_HEADER", `directory entry ${index + 1} is malformed`);
  const view = new DataView(central.buffer, at, CENTRAL_FIXED);
  const nameLength = view.getUint16(28, true);
  const name = shown(central.subarray(at + CENTRAL_FIXED, at + CENTRAL_FIXED + nameLength));
  const fault = nameFault(name);
  if (fault !== null) throw new VerificationError("MEMBER_NAME", `${name}: ${fault}`);
  if (view.getUint16(10, true) !== STORED)
    throw new VerificationError("COMPRESSED_MEMBER", `${name}: members are stored, never compressed`);
  if (view.getUint32(38, true) >>> 28 !== REGULAR_0644 >>> 28) throw new VerificationError("NOT_A_REGULAR_FILE", name);
  const offset = view.getUint32(42, true);
  const data = offset + LOCAL_FIXED + name.length;
  const entry = { name, size: view.getUint32(24, true), crc32: view.getUint32(16, true), offset, data };
  if (!equal(central.subarray(at, at + CENTRAL_FIXED + nameLength), centralHeader(entry)))
    throw new VerificationError("CENTRAL_HEADER", `${name}: directory entry is not the one a bundle has`);
  return entry;
}

function checkNames(names: readonly string[]): void {
  const fault = collision(names);
  if (fault !== null) throw new VerificationError(fault[2], `${fault[1]}: ${fault[0]}`);
  for (let i = 1; i < names.length; i++)
    if (names[i - 1]! >= names[i]!)
      throw new VerificationError("MEMBER_ORDER", `${names[i]}: members are not sorted by name`);
}

async function checkLocal(file: Blob, entry: Entry): Promise<void> {
  const expected = localHeader(entry);
  const found = await readAt(file, entry.offset, expected.length);
  if (!equal(found.subarray(LOCAL_FIXED), expected.subarray(LOCAL_FIXED)))
    throw new VerificationError(
      "NAMES_DIFFER", `${entry.name}: the local header has another name than the directory`,
    );
  if (!equal(found, expected))
    throw new VerificationError("LOCAL_HEADER", `${entry.name}: local header is not the one a bundle has`);
}

async function readAt(file: Blob, offset: number, size: number): Promise<Bytes> {
  let data: Bytes;
  try {
    data = new Uint8Array(await file.slice(offset, offset + size).arrayBuffer());
  } catch (cause) {
    throw new VerificationError("UNREADABLE", `the file cannot be read at byte ${offset} (${String(cause)})`);
  }
  if (data.length !== size)
    throw new VerificationError("CUT_SHORT", `the file ends within ${size} bytes at ${offset}`);
  return data;
}
