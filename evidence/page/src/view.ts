/** Show a result. Everything that comes from a bundle is set as text, never as markup. */

import { instantText } from "./instant.ts";
import type { Finding } from "./references.ts";
import type { SignedBy, Step, StepOutcome } from "./verification.ts";
import { printable } from "./verification.ts";
import type { Examined } from "./verify.ts";

type Child = Node | string;

const OUTCOMES: Readonly<Record<StepOutcome, [glyph: string, word: string, tone: string]>> = {
  passed: ["✓", "passed", "good"],
  failed: ["✗", "FAILED", "bad"],
  not_run: ["–", "not run", "none"],
};
const STATUSES: Readonly<Record<string, [glyph: string, word: string, tone: string]>> = {
  met: ["✓", "met", "good"],
  breached: ["✗", "breached", "bad"],
  unproven: ["?", "unproven", "part"],
  not_exercised: ["–", "not exercised", "none"],
  not_in_force: ["–", "not in force", "none"],
};

export type Answer = "verified" | "partly" | "failed";

/** Return the one-word answer: `partly` when nothing failed and something could not be checked here. */
export function answerOf({ verification, notCheckedHere }: Examined): Answer {
  if (verification.verified) return "verified";
  return notCheckedHere.length ? "partly" : "failed";
}

/** Fill the result section and move the focus to its answer. */
export function showResult(examined: Examined, fileName: string, at: number): void {
  const { verification } = examined;
  const answer = answerOf(examined);
  showAnswer(answer, headline(examined), explanation(examined));
  const parts: Child[] = [];
  if (verification.audit !== null) parts.push(...auditParts(examined));
  parts.push(heading("The steps"), stepTable(verification.steps));
  parts.push(heading("Not proved"), list(verification.not_proved));
  parts.push(heading("This verification"), pairs([["File", fileName], ["As of", instantText(at)]]));
  parts.push(machineReadable(verification));
  byId("facts").replaceChildren(...parts);
}

/** Say that nothing could be judged, and why. */
export function showRefusal(title: string, detail: string): void {
  showAnswer("failed", title, [detail]);
  byId("facts").replaceChildren();
}

export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found as T;
}

function showAnswer(answer: Answer, title: string, detail: readonly Child[]): void {
  byId("result").hidden = false;
  const banner = byId("answer");
  banner.textContent = title;
  banner.className = answer;
  byId("explanation").replaceChildren(...detail);
  banner.focus();
}

function headline(examined: Examined): string {
  switch (answerOf(examined)) {
    case "verified":
      return "✓ VERIFIED";
    case "partly":
      return "◐ PARTLY VERIFIED";
    case "failed":
      return `✗ NOT VERIFIED (${examined.verification.reason})`;
  }
}

function explanation({ verification, notCheckedHere }: Examined): Child[] {
  if (verification.audit !== null)
    return ["Intact, and signed by whom you trust. What the audit found: ", status(verification.audit.status)];
  if (notCheckedHere.length) {
    const names = notCheckedHere.map((step) => `${step.step} ${step.name}`).join(", ");
    return [`Nothing failed, and not everything was checked here: ${names}. Use probity verify before you rely on it.`];
  }
  const failed = verification.steps.find((step) => step.outcome === "failed");
  if (failed?.reason === "NO_TRUST")
    return ["Without trust files nobody knows whose signature to expect. Choose the ones the signer handed you."];
  if (failed === undefined) return ["A step that your policy demands did not run."];
  return [`Step ${failed.step} (${failed.name}) failed: ${failed.detail}. Do not rely on anything in this bundle.`];
}

function auditParts({ verification, findings }: Examined): Child[] {
  const facts = verification.audit!;
  const { time, levels } = verification;
  const proven = time.proven === null ? "not proven" : `${time.proven}, by ${time.source}`;
  const about: [string, Child][] = [
    ["Result", status(facts.status)],
    ["Contract", `${printable(facts.contract.id)}, version ${facts.contract.version}`],
    ["Period", `${facts.period.from} to ${facts.period.to}, as of ${facts.as_of}`],
    ["Run", facts.ledger ? `${facts.run}, number ${facts.ledger.sequence} of its contract` : facts.run],
    ...verification.signers.map((signer): [string, Child] => ["Signed by", signedBy(signer)]),
    ["Sealed", `${proven}; the signer's own clock says ${time.claimed}`],
    ["Levels", `seal: ${levels.seal}, time: ${levels.time}`],
  ];
  const parts: Child[] = [heading("The audit"), pairs(about)];
  if (findings !== null) parts.push(heading("By clause"), findingTable(findings.findings));
  return parts;
}

function signedBy(signer: SignedBy): Node {
  const name = signer.name === null ? "unnamed" : printable(signer.name);
  return element("span", {}, `${name}, ${signer.algorithm}, key `, element("code", {}, `sha256:${signer.keyid}`));
}

function findingTable(findings: readonly Finding[]): Node {
  const rows = findings.map((finding) => [
    printable(finding.clause),
    status(finding.status),
    element("span", {}, element("strong", {}, printable(finding.commitment)), ` ${why(finding)}`),
  ]);
  return table(["Clause", "Result", "Why"], rows);
}

function why(finding: Finding): string {
  const reasons = finding.reasons.length ? ` (${finding.reasons.join(", ")})` : "";
  return `${printable(finding.because)}${reasons}`;
}

function stepTable(steps: readonly Step[]): Node {
  const rows = steps.map((step) => {
    const detail = element("span", {}, step.detail);
    if (step.reason !== null) detail.prepend(element("code", {}, step.reason), ": ");
    return [`${step.step} ${step.name}`, word(OUTCOMES[step.outcome]), detail];
  });
  return table(["Step", "Outcome", "Detail"], rows, "steps");
}

function machineReadable(verification: Examined["verification"]): Node {
  const text = JSON.stringify(verification, null, 2);
  const summary = element("summary", {}, "The same as JSON (probity.verify/v1)");
  return element("details", {}, summary, element("pre", { tabindex: "0" }, text));
}

function status(name: string): HTMLElement {
  return word(STATUSES[name] ?? ["", name, "none"]);
}

function word([glyph, text, tone]: [string, string, string]): HTMLElement {
  return element("span", { class: `word ${tone}` }, element("span", { "aria-hidden": "true" }, `${glyph} `), text);
}

function heading(text: string): HTMLElement {
  return element("h3", {}, text);
}

function list(items: readonly string[]): HTMLElement {
  return element("ul", {}, ...items.map((item) => element("li", {}, item)));
}

function pairs(items: readonly [string, Child][]): HTMLElement {
  return element("dl", {}, ...items.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function table(columns: readonly string[], rows: readonly (readonly Child[])[], name = "plain"): HTMLElement {
  const head = element("tr", {}, ...columns.map((column) => element("th", { scope: "col" }, column)));
  const body = rows.map(([first, ...others]) =>
    element("tr", {}, element("th", { scope: "row" }, first!), ...others.map((cell) => element("td", {}, cell))),
  );
  return element("table", { class: name }, element("thead", {}, head), element("tbody", {}, ...body));
}

function element(tag: string, attributes: Record<string, string>, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
