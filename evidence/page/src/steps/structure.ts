/** Steps 1 to 3: the container, the set of its files, and their digests; no key is needed for them. */

import { readContainer } from "../container.ts";
import { crc32, hasher, sha256Hex } from "../digest.ts";
import { equal } from "../encoding.ts";
import { VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import * as manifest from "../manifest.ts";

/** Compare every header with the strict profile; content is not read. */
export async function container(examination: Examination): Promise<string> {
  examination.container = await readContainer(examination.file);
  return `${examination.container.entries.size} members`;
}

/** Compare the members with the manifests and the layout; digests are not compared yet. */
export async function fileSet(examination: Examination): Promise<string> {
  const { tags } = examination;
  const opened = examination.opened();
  for (const name of [manifest.MANIFEST, manifest.TAG_MANIFEST, manifest.DECLARATION, manifest.INFO])
    tags.set(name, await opened.read(name, manifest.MAX_MANIFEST_BYTES));
  const payload = manifest.parse(tags.get(manifest.MANIFEST)!, manifest.MANIFEST);
  const listed = manifest.parse(tags.get(manifest.TAG_MANIFEST)!, manifest.TAG_MANIFEST);
  examination.expectedMembers = manifest.checkFileSet(new Set(opened.entries.keys()), payload, listed);
  if (!equal(tags.get(manifest.DECLARATION)!, manifest.DECLARATION_BYTES))
    throw new VerificationError("BAGIT_DECLARATION", `${manifest.DECLARATION}: is not that of BagIt 1.0`);
  examination.manifests = new Map([...listed, ...payload]);
  return `${examination.expectedMembers} members, as the manifests demand`;
}

/** Hash every member: tag files first, so that a changed manifest is named before what it lists. */
export async function digests(examination: Examination): Promise<string> {
  const { tags, manifests: listed } = examination;
  const opened = examination.opened();
  const others = [...opened.entries.keys()].filter((name) => !listed.has(name)).sort();
  let done = 0;
  for (const name of [...listed.keys(), ...others]) {
    const digest = hasher();
    let crc = 0;
    for await (const chunk of opened.chunks(name)) {
      digest.update(chunk);
      crc = crc32(chunk, crc);
      examination.onProgress((done += chunk.length), examination.file.size);
    }
    const found = digest.hex();
    examination.digests.set(name, found);
    const before = tags.get(name);
    if ((listed.get(name) ?? found) !== found || (before !== undefined && sha256Hex(before) !== found))
      throw new VerificationError("DIGEST_MISMATCH", name);
    if (crc !== opened.entries.get(name)!.crc32) throw new VerificationError("CRC_MISMATCH", name);
  }
  return `${listed.size} digests agree`;
}
