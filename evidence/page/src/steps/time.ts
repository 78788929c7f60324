/** Step 4: when the seals are proven to have existed. */

import { NotCheckedHere, NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import * as layout from "../layout.ts";

export const UNSTAMPED = "when it was sealed: no trusted time stamp, the time given is the signer's own clock";

/** Say whether there are stamps; this page does not check them. */
export async function trustedTime(examination: Examination): Promise<string> {
  const { policy } = examination.trusted();
  if (layout.stampsOf(layout.STATEMENT, examination.opened().entries).length)
    throw new NotCheckedHere("this page does not check time stamps; use probity verify, or docs/verify-by-hand.md");
  examination.proved.open.push(UNSTAMPED);
  if (policy.time === "local-clock")
    throw new NotRun("NOT_DEMANDED", "no trusted time: the policy accepts the signer's own clock");
  throw new VerificationError("TIMESTAMP_MISSING", `the policy demands ${policy.time} and there is no stamp`);
}
