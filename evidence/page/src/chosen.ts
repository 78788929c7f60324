/** What the reader chose or dropped: one bundle, and the files of a trust folder or one trust file. */

import type { Bytes } from "./encoding.ts";
import { BadInput } from "./errors.ts";
import { readTrust, type Trust, TRUST_FILES, unpackTrustFile } from "./trust.ts";

const MAX_FILES = 100;
const MAX_TRUST_FILE_BYTES = 2 * 1024 * 1024;

/** Return the trust that the chosen files hold, or null when none was chosen; BadInput when they hold none. */
export async function trustOf(files: readonly File[]): Promise<Trust | null> {
  if (!files.length) return null;
  if (files.length > MAX_FILES)
    throw new BadInput("T006", "trust", `${files.length} files are more than a trust folder has`);
  const named = files.filter((file) => TRUST_FILES.includes(file.name));
  if (!named.length && files.length === 1) return readTrust(unpackTrustFile(await bytesOf(files[0]!), files[0]!.name));
  if (!named.length) throw new BadInput("T006", "trust", `none of the files is one of ${TRUST_FILES.join(", ")}`);
  const found = new Map<string, Bytes>();
  for (const file of named) {
    if (found.has(file.name)) throw new BadInput("T006", file.name, "is there twice: choose one folder");
    found.set(file.name, await bytesOf(file));
  }
  return readTrust(found);
}

async function bytesOf(file: File): Promise<Bytes> {
  if (file.size > MAX_TRUST_FILE_BYTES) throw new BadInput("T002", file.name, "is too large for a trust file");
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new BadInput("T002", file.name, `cannot be read (${String(cause)})`);
  }
}

/** Return the files of a drop, those directly inside a dropped folder included. */
export async function dropped(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const lists = await Promise.all(
    entries.map(async (entry) => (entry.isDirectory ? inside(entry as FileSystemDirectoryEntry) : [entry])),
  );
  const files = lists.flat().filter((entry) => entry.isFile).slice(0, MAX_FILES + 1) as FileSystemFileEntry[];
  return Promise.all(files.map((entry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject))));
}

function inside(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => folder.createReader().readEntries(resolve, reject));
}
