/** Steps 9 to 11: disclosures, what the members say of one another, and what the reader's policy demands beyond. */

import * as disclosure from "../disclosure.ts";
import { NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import { parseInstant } from "../instant.ts";
import { DISCLOSURES } from "../layout.ts";
import * as manifest from "../manifest.ts";
import { oldest } from "../policy.ts";
import * as references from "../references.ts";

/**
 * Compare every disclosure with the sealed list of tokens; any number of them may have been deleted.
 *
 * 1. the sealed list has its form; 2. so have the disclosures; 3. each is of a listed token, and its salt and value have
 * that token. Not checked: that a listed token occurs in a table, which only reading the tables shows.
 */
export async function disclosures(examination: Examination): Promise<string> {
  const isThere = examination.has(DISCLOSURES);
  if (!examination.has(manifest.PERSONAL)) {
    if (isThere)
      throw new VerificationError(
        "DISCLOSURE_UNKNOWN", `${DISCLOSURES}: nothing was disclosed when this was sealed`,
      );
    throw new NotRun("NO_DISCLOSURES", "the bundle discloses no personal values");
  }
  const limit = disclosure.MAX_DISCLOSURE_BYTES;
  const listed = disclosure.parseList(await examination.read(manifest.PERSONAL, limit)); // 1
  const found = isThere ? disclosure.parse(await examination.read(DISCLOSURES, limit)) : []; // 2
  disclosure.check(found, listed); // 3
  const redacted = listed.size - found.length;
  if (redacted)
    examination.proved.open.push(`whom ${redacted} of ${listed.size} disclosed tokens stand for: redacted since`);
  return `${found.length} of ${listed.size} personal values disclosed at sealing are there and match`;
}

/** Compare statement, findings, extraction cards and report with one another; nothing is judged again. */
export async function resolve(examination: Examination): Promise<string> {
  const { predicate } = examination.stated();
  for (const name of [manifest.FINDINGS, manifest.REPORT])
    if (!examination.has(name)) throw new VerificationError("RESULT_MISSING", name);
  const result = references.parseFindings(await examination.read(manifest.FINDINGS, references.MAX_FINDINGS_BYTES));
  const digest = examination.digests.get(manifest.FINDINGS)!;
  references.checkFacts(predicate, result, digest, examination.tags.get(manifest.INFO)!);
  references.checkContract(predicate, examination.digests.get(manifest.CONTRACT) ?? null);
  for (const report of [manifest.REPORT, manifest.REPORT_PDF, ...manifest.EXPORTS])
    if (examination.has(report))
      await references.checkReport(report, examination.chunks(report), digest);
  const { open } = examination.proved;
  open.push(
    "that the vendor's evidence is true or complete: the seal fixes what was gathered, not what happened",
    "that the findings follow from the evidence: that is `probity replay`",
  );
  if (examination.has(manifest.REPORT_PDF))
    open.push("the seal inside report.pdf, which is for PDF readers: no step relies on it");
  if (examination.has(manifest.CARDS))
    await references.checkExhibits(result, references.readCards(examination.chunks(manifest.CARDS)));
  else open.push("where the exhibits come from: the bundle has no extraction cards");
  examination.findings = result;
  return `${manifest.FINDINGS}: ${result.findings.length} findings agree with statement and report`;
}

/** Compare what was proved with what the reader demands: signer and age. */
export async function demands(examination: Examination): Promise<string> {
  const { trust, at } = examination;
  if (trust === null)
    throw new VerificationError("NO_TRUST", "no trust files: choose the ones the signer handed you");
  if (trust.policy.signed_by && trust.signerName === null)
    throw new VerificationError("SIGNER_NOT_ACCEPTED", trust.dsseP256.id);
  const limit = oldest(trust.policy);
  if (limit !== null) {
    const sealed = examination.sealedBy ?? parseInstant(examination.stated().predicate.sealed_at)!;
    if (at === null)
      throw new VerificationError("NO_VERIFICATION_TIME", "the policy limits the age: give the time of verification");
    if (sealed < at - limit || sealed > at)
      throw new VerificationError("TOO_OLD", `sealed outside the ${trust.policy.not_older_than} before the time given`);
  }
  return "every demand of the policy is met";
}
