/** Step 8: that the audit was announced before its result was known, and that its result was logged. */

import * as checkpoint from "../checkpoint.ts";
import type { Proof, Seen } from "../checkpoint.ts";
import { sha256Hex } from "../digest.ts";
import * as dsse from "../dsse.ts";
import type { Bytes } from "../encoding.ts";
import { NotRun, VerificationError } from "../errors.ts";
import type { Examination } from "../examination.ts";
import { instantText, parseInstant } from "../instant.ts";
import * as layout from "../layout.ts";
import * as entries from "../ledger_entry.ts";
import type { RunCompleted, RunStarted } from "../ledger_entry.ts";
import * as merkle from "../merkle.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "../statement.ts";
import { MAX_CLOCK_SKEW } from "../timestamp.ts";
import { UNSTAMPED } from "./time.ts";

/**
 * Verify both leaves of the run against the pinned keys of ledger and witness.
 *
 * 1. what the statement says of a ledger is in the bundle, and nothing else; 2. each leaf is in a checkpoint signed by
 * the ledger and cosigned by the witness; 3. both leaves are of this run, in sequence; 4. the second checkpoint extends
 * the first, and the start was signed before the completion was written; 5. what the witness saw when goes with stamps
 * and claims; 6. the completion commits to this statement, its verdict and the statement before it; 7. it is no older
 * than the newest run the reader knows of.
 */
export async function proofs(examination: Examination): Promise<string> {
  const trust = examination.trusted();
  const facts = examination.stated().predicate;
  const present = examination.has(layout.LEDGER_ENTRY);
  if (facts.ledger === undefined || !present) return unlogged(examination, trust.policy, facts, present); // 1
  if (trust.ledger === null)
    throw new VerificationError("NO_LEDGER_KEY", "the bundle has ledger proofs, and the trust folder has no ledger.vkey");
  const start = await leaf(examination, layout.LEDGER_START);
  const firstProof = await proof(examination, layout.LEDGER_START_PROOF);
  const entry = await leaf(examination, layout.LEDGER_ENTRY);
  const lastProof = await proof(examination, layout.LEDGER_ENTRY_PROOF);
  const first = await checkpoint.checkLeaf(start, firstProof, trust.ledger, trust.witness); // 2
  const last = await checkpoint.checkLeaf(entry, lastProof, trust.ledger, trust.witness);
  const [started, completed] = checkRun(start, entry, facts); // 3
  checkOrder(firstProof, first, lastProof, last); // 4
  checkTimes(examination, started, first, last); // 5
  await checkCommitment(examination, completed, facts); // 6
  checkNewest(trust.policy, facts); // 7
  return conclude(examination, trust.policy, started, last);
}

function unlogged(examination: Examination, policy: Policy, facts: Facts, present: boolean): string {
  if (present)
    throw new VerificationError(
      "LEDGER_UNSTATED", "the bundle has ledger proofs and its statement names no ledger",
    );
  if (facts.ledger !== undefined)
    throw new VerificationError(
      "LEDGER_MISSING", `the statement names the ledger ${facts.ledger.origin} and no proof is there`,
    );
  examination.proved.open.push(
    "that no other audit was made and withheld: no ledger, so an unpublished audit would not be seen",
    "that this is the newest audit of its contract",
  );
  if (!policy.ledger) throw new NotRun("NOT_DEMANDED", "the policy does not demand a ledger entry");
  throw new VerificationError("LEDGER_MISSING", "the policy demands a ledger entry and there is none");
}

function leaf(examination: Examination, name: string): Promise<Bytes> {
  return examination.read(name, entries.MAX_LEAF_BYTES);
}

async function proof(examination: Examination, name: string): Promise<Proof> {
  return checkpoint.parseProof(await examination.read(name, checkpoint.MAX_PROOF_BYTES));
}

function checkRun(start: Bytes, entry: Bytes, facts: Facts): [RunStarted, RunCompleted] {
  const [started, completed] = [entries.parse(start), entries.parse(entry)];
  if (!entries.isStarted(started) || entries.isStarted(completed))
    throw new VerificationError("LEDGER_ENTRY_FORM", "the leaves are not the start and the completion of a run");
  for (const [name, found] of [[layout.LEDGER_START, started], [layout.LEDGER_ENTRY, completed]] as const)
    if (found.run !== facts.run || found.contract !== facts.contract.id)
      throw new VerificationError("LEDGER_OTHER_RUN", `${name}: is of run ${found.run} of ${found.contract}`);
  const isOneRun = started.sequence === completed.sequence && started.sequence === facts.ledger?.sequence;
  if (!isOneRun || started.period.from !== facts.period.from || started.period.to !== facts.period.to)
    throw new VerificationError(
      "LEDGER_SEQUENCE", "start, completion and statement have different numbers or periods",
    );
  const digest = sha256Hex(start);
  if (completed.start !== digest || facts.ledger?.start !== digest)
    throw new VerificationError(
      "LEDGER_OTHER_START", `${layout.LEDGER_START}: is not the start that the statement names`,
    );
  return [started, completed];
}

function checkOrder(firstProof: Proof, first: Seen, proof: Proof, last: Seen): void {
  const [before, after] = [first.checkpoint, last.checkpoint];
  if (before.size > proof.index || firstProof.extra.length)
    throw new VerificationError(
      "LEDGER_ORDER", `${layout.LEDGER_START_PROOF}: was signed after the run was completed`,
    );
  merkle.checkConsistency(before.size, before.root, after.size, after.root, checkpoint.splitHashes(proof.extra));
  if (first.witnessed !== null && last.witnessed !== null && last.witnessed < first.witnessed)
    throw new VerificationError("LEDGER_ORDER", "the witness saw the completion before the start");
}

/** The start was witnessed before anything was stamped; nothing was witnessed before it is claimed to have been. */
function checkTimes(examination: Examination, started: RunStarted, first: Seen, last: Seen): void {
  if (first.witnessed === null || last.witnessed === null) return;
  const [announced, logged] = [first.witnessed * 1000, last.witnessed * 1000];
  const { sealedBy } = examination;
  const outer = examination.archivedBy ?? examination.at;
  if (sealedBy !== null && announced - sealedBy > MAX_CLOCK_SKEW)
    throw new VerificationError("LEDGER_ORDER", "the witness saw the start only after the seals were stamped");
  if (outer !== null && logged - outer > MAX_CLOCK_SKEW)
    throw new VerificationError(
      "WITNESS_IN_FUTURE", `the witness's time ${instantText(logged)} is later than what it precedes`,
    );
  const claims = [
    ["start", started.started_at, announced], ["seal", examination.stated().predicate.sealed_at, logged],
  ] as const;
  for (const [what, claimed, seenAt] of claims)
    if (parseInstant(claimed)! - seenAt > MAX_CLOCK_SKEW)
      throw new VerificationError("LEDGER_TIME", `the ${what} is claimed to be of ${claimed}, seen before that`);
}

async function checkCommitment(examination: Examination, completed: RunCompleted, facts: Facts): Promise<void> {
  const { payload } = dsse.parse(await examination.read(layout.STATEMENT, dsse.MAX_ENVELOPE_BYTES));
  const name = layout.LEDGER_ENTRY;
  if (completed.statement !== sha256Hex(payload))
    throw new VerificationError("LEDGER_OTHER_STATEMENT", `${name}: commits to another statement than this one`);
  if (completed.status !== facts.status)
    throw new VerificationError("LEDGER_OTHER_VERDICT", `${name}: says ${completed.status}, not ${facts.status}`);
  if (completed.previous !== (facts.previous ?? null)) // the first run may have one: a later one may have ended before
    throw new VerificationError("LEDGER_PREVIOUS", `${name}: follows another statement than this one does`);
}

function newestRun(policy: Policy, contract: string): number | null {
  const known = policy.newest_run;
  return known && Object.hasOwn(known, contract) ? known[contract]! : null;
}

function checkNewest(policy: Policy, facts: Facts): void {
  const newest = newestRun(policy, facts.contract.id) ?? 0;
  const number = facts.ledger?.sequence ?? 0;
  if (number < newest)
    throw new VerificationError(
      "NOT_THE_NEWEST", `run ${number} of ${facts.contract.id}; the policy knows of run ${newest}`,
    );
}

function conclude(examination: Examination, policy: Policy, started: RunStarted, last: Seen): string {
  const { proved } = examination;
  proved.open.push(
    `what became of other runs of the contract, of which there were ${started.sequence - 1} before: that is` +
      " `probity ledger audit`",
  );
  if (newestRun(policy, started.contract) === null) proved.open.push("that this is the newest audit of its contract");
  if (last.witnessed === null)
    proved.open.push("that the ledger shows everybody the same: no witness's key is pinned");
  else if (proved.timeLevel === "local-clock") {
    proved.time = { proven: instantText(last.witnessed * 1000), source: "ledger-witness", claimed: null };
    proved.timeLevel = "ledger-witness";
    proved.open = proved.open.filter((text) => text !== UNSTAMPED);
  }
  const witnessed = last.witnessed === null ? "" : ", cosigned by the witness";
  return (
    `run ${started.sequence} of ${started.contract}: announced and completed in ${last.checkpoint.origin}${witnessed}`
  );
}
