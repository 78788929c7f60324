/** Steps 6 and 7: the signatures over the statement, and what the seals are about. */

import * as dsse from "../dsse.ts";
import { ascii, equal } from "../encoding.ts";
import { VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import { instantText, parseInstant } from "../instant.ts";
import { ML_DSA_65, P256, publicPem } from "../keys.ts";
import * as layout from "../layout.ts";
import { TAG_MANIFEST } from "../manifest.ts";
import * as policy from "../policy.ts";
import * as statement from "../statement.ts";
import { MAX_CLOCK_SKEW } from "../timestamp.ts";
import type { Trust } from "../trust.ts";

const MAX_HINT_BYTES = 16 * 1024;

/**
 * Verify the envelope with the pinned keys; algorithm and key come from the trust folder alone.
 *
 * 1. the P-256 signature, the first; 2. the ML-DSA-65 one beside it, when it is there or demanded; 3. there is no
 * signature that nobody can check; 4. copies of keys in the bundle are those of the trust folder, one for each signature
 * where there is a CAdES seal (step 2 saw to the first), so that none can be taken away or put in.
 */
export async function signatures(examination: Examination): Promise<string> {
  const envelope = dsse.parse(await examination.read(layout.STATEMENT, dsse.MAX_ENVELOPE_BYTES));
  const trust = examination.trusted();
  const { signers } = examination.proved;
  const [first, ...others] = envelope.signatures;
  await dsse.check(envelope.payload, first!, trust.dsseP256); // 1
  signers.unshift({ keyid: trust.dsseP256.id, algorithm: P256, name: trust.signerName }); // before the seal's of step 5
  for (const second of others) {
    if (trust.dsseMlDsa65 === null) // 3
      throw new VerificationError(
        "UNPINNED_SIGNATURE", "a second signature, and the trust folder has no dsse-ml-dsa-65.pub",
      );
    await dsse.check(envelope.payload, second, trust.dsseMlDsa65); // 2
    signers.push({ keyid: second.keyId, algorithm: ML_DSA_65, name: trust.signerName });
  }
  if (trust.policy.require.includes(policy.ML_DSA_65) && !others.length)
    throw new VerificationError("SIGNATURE_MISSING", "the policy demands an ML-DSA-65 signature and there is none");
  await checkHints(examination, trust, envelope.signatures.length); // 4
  return `${layout.STATEMENT}: key ${trust.dsseP256.id}${others.length ? " and ML-DSA-65" : ""}`;
}

async function checkHints(examination: Examination, trust: Trust, signatures: number): Promise<void> {
  const copied = examination.has(layout.KEY_ML_DSA_65);
  if (copied !== signatures > 1 && examination.has(layout.CADES))
    throw new VerificationError(copied ? "KEY_HINT_UNUSED" : "KEY_HINT_MISSING", layout.KEY_ML_DSA_65);
  for (const [name, key] of [[layout.KEY_P256, trust.dsseP256], [layout.KEY_ML_DSA_65, trust.dsseMlDsa65]] as const) {
    if (!examination.has(name)) continue;
    if (key === null || !equal(await examination.read(name, MAX_HINT_BYTES), ascii(publicPem(key))))
      throw new VerificationError("KEY_HINT_DIFFERS", `${name}: is not the key of the trust folder`);
  }
}

/** Compare the digest the statement names with that of the tag manifest; step 5 did so for the CAdES seal. */
export async function subject(examination: Examination): Promise<string> {
  const envelope = dsse.parse(await examination.read(layout.STATEMENT, dsse.MAX_ENVELOPE_BYTES));
  const stated = statement.parse(envelope.payload);
  examination.statement = stated;
  if (stated.tagManifestSha256 !== examination.digests.get(TAG_MANIFEST))
    throw new VerificationError(
      "SUBJECT_MISMATCH", `${layout.STATEMENT}: seals another ${TAG_MANIFEST} than this bundle's`,
    );
  const proven = examination.sealedBy;
  if (proven !== null && parseInstant(stated.predicate.sealed_at)! > proven + MAX_CLOCK_SKEW)
    throw new VerificationError(
      "SEALED_AFTER_STAMP", `${layout.STATEMENT}: claims a time of sealing later than its stamps (${instantText(proven)})`,
    );
  return `${layout.STATEMENT}: seals this ${TAG_MANIFEST}`;
}
