/** BagIt (RFC 8493) tag files and manifests in one exact form, and the file set they must account for. */

import { ascii, type Bytes, equal, shown } from "./encoding.ts";
import { VerificationError } from "./errors.ts";
import { checkParts } from "./layout.ts";
import { nameFault } from "./zip_profile.ts";

const DATA = "data/";
export const DECLARATION = "bagit.txt";
export const INFO = "bag-info.txt";
export const MANIFEST = "manifest-sha256.txt";
export const TAG_MANIFEST = "tagmanifest-sha256.txt";
export const FINDINGS = "data/results/findings.json";
export const CONTRACT = "data/contract/contract.yaml";
export const CARDS = "data/evidence/cards.json";
/** The tokens whose values were disclosed when the bundle was sealed. */
export const PERSONAL = "data/evidence/personal.txt";
export const REPORT = "data/report.html";
export const REPORT_PDF = "data/report.pdf";
export const EXPORTS = ["data/results/assessment-results.json", "data/results/ocsf.jsonl"];
export const FINDINGS_IN_PDF = "findings-sha256:";
export const DECLARATION_BYTES = ascii("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const TAG_FILES = [DECLARATION, INFO, MANIFEST, "VERIFY.md"].sort(); // what the tag manifest lists, all of it

/** Return manifest lines `<sha256>  <path>`, sorted by path. */
export function render(digests: ReadonlyMap<string, string>): Bytes {
  return ascii([...digests.keys()].sort().map((name) => `${digests.get(name)}  ${name}\n`).join(""));
}

/** Return path → digest; MANIFEST_GRAMMAR unless the bytes are exactly what `render` writes for the same content. */
export function parse(data: Bytes, file: string): Map<string, string> {
  const digests = new Map<string, string>();
  shown(data).split("\n").slice(0, -1).forEach((line, index) => {
    const match = /^([0-9a-f]{64})  ([A-Za-z0-9._/-]+)$/.exec(line);
    if (match === null || nameFault(match[2]!) !== null || digests.has(match[2]!))
      throw new VerificationError(
        "MANIFEST_GRAMMAR", `${file} line ${index + 1}: not '<sha256>  <path>', or a path repeated`,
      );
    digests.set(match[2]!, match[1]!);
  });
  if (!digests.size || !equal(render(digests), data))
    throw new VerificationError("MANIFEST_GRAMMAR", `${file}: empty, unsorted, or not ended by one newline`);
  return digests;
}

/**
 * Compare the members with the manifests and return how many there must be (BUNDLE.md step 2).
 *
 * 1. the payload manifest lists files below data/ only; 2. the tag manifest lists exactly the four tag files; 3. nothing
 * that the manifests list is missing; 4. whatever else is there is a known part of a bundle and complete.
 */
export function checkFileSet(
  members: ReadonlySet<string>, payload: ReadonlyMap<string, string>, tags: ReadonlyMap<string, string>,
): number {
  const stray = [...payload.keys()].filter((name) => !name.startsWith(DATA)).sort()[0]; // 1
  if (stray !== undefined)
    throw new VerificationError("MANIFEST_GRAMMAR", `${MANIFEST}: ${stray} is not below ${DATA}`);
  if ([...tags.keys()].sort().join() !== TAG_FILES.join()) // 2
    throw new VerificationError("MANIFEST_GRAMMAR", `${TAG_MANIFEST}: must list exactly ${TAG_FILES.join(", ")}`);
  const expected = new Set([...payload.keys(), ...TAG_FILES, TAG_MANIFEST]);
  const missing = [...expected].filter((name) => !members.has(name)).sort()[0]; // 3
  if (missing !== undefined) throw new VerificationError("MISSING_MEMBER", missing);
  checkParts(new Set([...members].filter((name) => !expected.has(name)))); // 4
  return members.size;
}
