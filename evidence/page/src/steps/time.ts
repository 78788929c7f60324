/** Step 4: when the seals are proven to have existed. */

import * as archive from "../archive.ts";
import { NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import { instantText } from "../instant.ts";
import * as layout from "../layout.ts";
import { MAX_MANIFEST_BYTES } from "../manifest.ts";
import * as timestamp from "../timestamp.ts";
import type { Authorities } from "../timestamp.ts";

export const UNSTAMPED = "when it was sealed: no trusted time stamp, the time given is the signer's own clock";

/**
 * Verify the time stamps from the newest archive stamp inwards, each at the time that the one around it proves.
 *
 * 1. there are stamps, roots to check them against, and a time to start from; 2. each archive list names exactly what it
 * covers, and every stamp over it holds; 3. so does every stamp over the seals; 4. as many authorities as demanded.
 */
export async function trustedTime(examination: Examination): Promise<string> {
  const { policy, tsaRoots } = examination.trusted();
  if (!layout.stampsOf(layout.STATEMENT, examination.opened().entries).length) { // 1
    examination.proved.open.push(UNSTAMPED);
    if (policy.time === "local-clock")
      throw new NotRun("NOT_DEMANDED", "no trusted time: the policy accepts the signer's own clock");
    throw new VerificationError("TIMESTAMP_MISSING", `the policy demands ${policy.time} and there is no stamp`);
  }
  if (!tsaRoots.length)
    throw new VerificationError("NO_TSA_ROOTS", "the bundle is stamped, and the trust folder has no tsa-roots.pem");
  if (examination.at === null)
    throw new VerificationError("NO_VERIFICATION_TIME", "stamps are checked as of a time: give the time of verification");
  const archived = await archive.readArchived(examination);
  let outer = examination.at;
  for (const name of archive.listsIn(examination.digests.keys()).reverse()) { // 2
    archive.checkList(name, await examination.read(name, MAX_MANIFEST_BYTES), examination.digests);
    outer = await checkStamps(examination, name, archived, outer);
  }
  examination.archivedBy = outer;
  const times: number[] = [];
  for (const name of seals(examination)) times.push(await checkStamps(examination, name, archived, outer)); // 3
  demandAuthorities(examination, policy.authorities ?? 1); // 4
  return conclude(examination, archived, Math.max(...times));
}

function seals(examination: Examination): string[] {
  return [layout.CADES, layout.STATEMENT].filter((name) => examination.has(name));
}

/** Return the time by which all stamps over a member agree that it existed: the latest of them. */
async function checkStamps(
  examination: Examination, name: string, archived: Authorities, outer: number,
): Promise<number> {
  const covered = await examination.read(name, MAX_MANIFEST_BYTES);
  const times: number[] = [];
  for (const stampName of layout.stampsOf(name, examination.digests)) {
    const data = await examination.read(stampName, timestamp.MAX_STAMP_BYTES);
    const stamp = await timestamp.read(data, covered, stampName);
    examination.stampChains.set(stampName, await timestamp.check(stamp, archived, outer, stampName));
    times.push(stamp.time);
  }
  return Math.max(...times);
}

function demandAuthorities(examination: Examination, demanded: number): void {
  for (const name of seals(examination)) {
    const chains = layout.stampsOf(name, examination.digests).map((stamp) => examination.stampChains.get(stamp)!);
    if (new Set(chains.map((chain) => chain.at(-1)!.fingerprint)).size < demanded)
      throw new VerificationError("TOO_FEW_AUTHORITIES", `${name}: the policy demands stamps under ${demanded} roots`);
  }
}

async function conclude(examination: Examination, archived: Authorities, sealed: number): Promise<string> {
  const { proved, stampChains } = examination;
  const source = examination.trusted().policy.time_level ?? "rfc3161";
  examination.sealedBy = sealed;
  proved.time = { proven: instantText(sealed), source, claimed: null };
  proved.timeLevel = source;
  const revocable = await Promise.all([...stampChains.values()].map((chain) => timestamp.hasRevocation(chain, archived)));
  if (revocable.includes(false))
    proved.open.push("that no authority's own certificate was withdrawn: no revocation list of its issuer is archived");
  const lists = archive.listsIn(examination.digests.keys()).length;
  return `${stampChains.size} stamps, ${lists} archive lists: sealed by ${instantText(sealed)}`;
}
