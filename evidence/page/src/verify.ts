/** Verify a bundle: run the numbered steps, count them against the reader's policy, say what was not proved. */

import { NOT_CHECKED_HERE, NotRun, VerificationError } from "./errors.ts";
import { Examination } from "./examination.ts";
import { requiredSteps } from "./policy.ts";
import type { Findings } from "./references.ts";
import * as cades from "./steps/cades.ts";
import * as content from "./steps/content.ts";
import * as dsse from "./steps/dsse.ts";
import * as ledger from "./steps/ledger.ts";
import * as structure from "./steps/structure.ts";
import * as time from "./steps/time.ts";
import type { Trust } from "./trust.ts";
import { NOTHING_PROVED, printable, type Step, STEP_NAMES, type StepOutcome, type Verification } from "./verification.ts";

type Check = (examination: Examination) => Promise<string>;

const STEPS: ReadonlyMap<number, Check> = new Map([
  [1, structure.container],
  [2, structure.fileSet],
  [3, structure.digests],
  [4, time.trustedTime],
  [5, cades.seal],
  [6, dsse.signatures],
  [7, dsse.subject],
  [8, ledger.proofs],
  [9, content.disclosures],
  [10, content.resolve],
  [11, content.demands],
]);

/** The steps that this page never checks: each ends as not run, so that no bundle which needs one is called verified. */
export const NOT_CHECKED: readonly number[] = [];

/** The result, and what of the content a reader is shown; null unless the bundle verified. */
export interface Examined {
  readonly verification: Verification;
  readonly findings: Findings | null;
  /** Steps that were needed and could not be checked by this page or in this browser. */
  readonly notCheckedHere: readonly Step[];
}

/**
 * Return what the bundle proves to a reader who trusts `trust`, as of `at` (milliseconds since 1970).
 *
 * The steps are those of BUNDLE.md. After a failure no later step runs. The bundle is verified when (1) no step failed,
 * (2) every step the policy needs has passed and (3) no step was left out because this page cannot check it.
 */
export async function verify(
  file: Blob, trust: Trust | null, at: number | null, onProgress: (done: number, total: number) => void = () => {},
): Promise<Examined> {
  const examination = new Examination(file, trust, at, onProgress);
  const steps = await run(examination);
  const failed = steps.find((step) => step.outcome === "failed");
  const passed = new Set(steps.filter((step) => step.outcome === "passed").map((step) => step.step));
  const notCheckedHere = steps.filter((step) => step.reason === NOT_CHECKED_HERE);
  const isComplete = trust !== null && requiredSteps(trust.policy).every((step) => passed.has(step));
  const verified = failed === undefined && isComplete && !notCheckedHere.length;
  return {
    verification: conclude(examination, steps, verified, failed),
    findings: verified ? examination.findings : null,
    notCheckedHere: failed === undefined ? notCheckedHere : [],
  };
}

async function run(examination: Examination): Promise<Step[]> {
  const steps: Step[] = [];
  let failedAt: number | null = null;
  for (const [number, check] of STEPS) {
    if (failedAt !== null) {
      steps.push(step(number, "not_run", "EARLIER_STEP_FAILED", `step ${failedAt} failed`));
      continue;
    }
    const done = await attempt(number, check, examination);
    if (done.outcome === "failed") failedAt = number;
    steps.push(done);
  }
  return steps;
}

async function attempt(number: number, check: Check, examination: Examination): Promise<Step> {
  try {
    return step(number, "passed", null, await check(examination));
  } catch (cause) {
    if (cause instanceof NotRun) return step(number, "not_run", cause.reason, cause.detail);
    if (cause instanceof VerificationError) return step(number, "failed", cause.reason, cause.detail);
    throw cause;
  }
}

function step(number: number, outcome: StepOutcome, reason: string | null, detail: string): Step {
  return { step: number, name: STEP_NAMES[number]!, outcome, reason, detail: printable(detail) };
}

function conclude(examination: Examination, steps: Step[], verified: boolean, failed: Step | undefined): Verification {
  const facts = verified ? examination.stated().predicate : null;
  const { proved } = examination;
  return {
    schema: "probity.verify/v1",
    verified,
    reason: verified ? null : (failed?.reason ?? "STEP_NOT_RUN"),
    steps,
    audit: facts,
    signers: facts ? proved.signers : [],
    time: facts ? { ...proved.time, claimed: facts.sealed_at } : { proven: null, source: null, claimed: null },
    levels: facts ? { seal: proved.sealLevel, time: proved.timeLevel } : { seal: "none", time: "none" },
    members: { expected: examination.expectedMembers, present: examination.container?.entries.size ?? null },
    not_proved: facts ? proved.open : NOTHING_PROVED,
  };
}
