/** Step 5: the CAdES seal. */

import { NotCheckedHere, NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import * as layout from "../layout.ts";
import * as policy from "../policy.ts";

/** Say whether there is a seal; this page does not check it. */
export async function seal(examination: Examination): Promise<string> {
  const trust = examination.trusted();
  if (examination.has(layout.CADES))
    throw new NotCheckedHere("this page does not check CAdES seals; use probity verify, or docs/verify-by-hand.md");
  examination.proved.open.push(
    "who holds the key: it is a self-made key without a certificate and carries no legal presumption",
    "that the key was not stolen or withdrawn: there is no revocation data",
  );
  if (trust.policy.require.includes(policy.CADES))
    throw new VerificationError("CADES_MISSING", "the policy demands a CAdES seal and there is none");
  throw new NotRun("NOT_DEMANDED", "the policy does not demand a CAdES seal");
}
