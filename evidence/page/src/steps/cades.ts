/** Step 5: the CAdES seal. */

import * as archive from "../archive.ts";
import * as cades from "../cades.ts";
import type { Chain } from "../chain.ts";
import type { Signed } from "../cms.ts";
import { MAX_CMS_BYTES } from "../cms.ts";
import { NotCheckedHere, NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import { instantText } from "../instant.ts";
import { P256 } from "../keys.ts";
import * as layout from "../layout.ts";
import { CADES } from "../layout.ts";
import { TAG_MANIFEST } from "../manifest.ts";
import * as policy from "../policy.ts";
import * as timestamp from "../timestamp.ts";
import type { Authorities } from "../timestamp.ts";

/**
 * Verify the CAdES seal over the tag manifest, as of the trusted time or, where there is none, as of now.
 *
 * 1. there is a seal, a root to check it against, and a time; 2. its signature is right, with signed attributes; 3. its
 * chain leads to a pinned root, was valid then, and no archived list revokes it; 4. stamps inside it hold; 5. its key
 * signs no statement; 6. every archived certificate and list was needed for that.
 */
export async function seal(examination: Examination): Promise<string> {
  const trust = examination.trusted();
  if (!examination.has(CADES)) return unsealed(examination); // 1
  if (!trust.sealRoots.length)
    throw new VerificationError("NO_SEAL_ROOT", "the bundle has a CAdES seal, and the trust folder has no seal-root.pem");
  const isStamped = layout.stampsOf(layout.STATEMENT, examination.digests).length > 0;
  if (isStamped && examination.sealedBy === null)
    throw new NotCheckedHere("the time of step 4 was not checked, as of which the seal must hold");
  const at = examination.sealedBy ?? examination.at;
  if (at === null)
    throw new VerificationError("NO_VERIFICATION_TIME", "without a time stamp the seal is checked as of now: give the time");
  const archived = await archive.readArchived(examination);
  const found = await cades.read(await examination.read(CADES, MAX_CMS_BYTES), examination.tags.get(TAG_MANIFEST)!); // 2
  const known = examination.archivedBy ?? at;
  const [chain, listed] = await cades.check(found, trust.sealRoots, archived, at, known); // 3
  await checkInnerStamps(examination, found, archived, at); // 4
  if (chain[0]!.keyId === trust.dsseP256.id) // 5
    throw new VerificationError("KEYS_NOT_SEPARATE", `${CADES}: one key made both seals`);
  await archive.checkUsed(archived, [chain, ...examination.stampChains.values()]); // 6
  return conclude(examination, chain, listed);
}

function unsealed(examination: Examination): never {
  examination.proved.open.push(
    "who holds the key: it is a self-made key without a certificate and carries no legal presumption",
    "that the key was not stolen or withdrawn: there is no revocation data",
  );
  if (examination.trusted().policy.require.includes(policy.CADES))
    throw new VerificationError("CADES_MISSING", "the policy demands a CAdES seal and there is none");
  throw new NotRun("NOT_DEMANDED", "the policy does not demand a CAdES seal");
}

async function checkInnerStamps(
  examination: Examination, found: Signed, archived: Authorities, at: number,
): Promise<void> {
  for (const token of found.tokens) {
    if (examination.sealedBy === null)
      throw new VerificationError("CADES_FORM", `${CADES}: is stamped inside and not beside`);
    const stamp = await timestamp.readToken(token, found.signature, CADES);
    examination.stampChains.set(CADES, await timestamp.check(stamp, archived, at, CADES));
  }
}

function conclude(examination: Examination, chain: Chain, listed: number): string {
  const { policy: demands } = examination.trusted();
  const { proved } = examination;
  const [signer] = chain;
  const keyid = signer!.keyId;
  const name = demands.sealed_by?.find((person) => person.keyid === keyid)?.name ?? null;
  if (demands.sealed_by && name === null)
    throw new VerificationError("SEALER_NOT_ACCEPTED", `${CADES}: ${signer!.named}, key ${keyid}`);
  proved.sealLevel = demands.seal_level ?? "simple";
  proved.signers.push({ keyid, algorithm: `cades ${P256}`, name: name ?? signer!.named });
  if (proved.sealLevel === "simple")
    proved.open.push("who holds the key: your policy calls its certificate self-made, without legal presumption");
  proved.open.push(`that the seal's certificate was not withdrawn after ${instantText(listed)}`);
  return `${CADES}: ${signer!.named}, key ${keyid}`;
}
