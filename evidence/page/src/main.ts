/** Wire the form to the verifier. The answer is also `window.probityResult`, and tools may call `window.probity`. */

import { dropped, trustOf } from "./chosen.ts";
import { BadInput } from "./errors.ts";
import { parseInstant } from "./instant.ts";
import type { Verification } from "./verification.ts";
import { type Answer, answerOf, byId, showRefusal, showResult } from "./view.ts";
import { type Examined, NOT_CHECKED, verify } from "./verify.ts";

/** What tools get: the answer of the page, and the result in the shape of `probity verify --format json`. */
interface Outcome {
  readonly answer: Answer;
  readonly verification: Verification;
}

declare global {
  interface Window {
    /** The last result; null before the first, and while one is being made. */
    probityResult: Verification | null;
    probity: {
      /** The steps that this page never checks. */
      readonly notChecked: readonly number[];
      verify(bundle: Blob, trust: readonly File[], at: string): Promise<Outcome>;
    };
  }
}

window.probityResult = null;
window.probity = Object.freeze({
  notChecked: NOT_CHECKED,
  async verify(bundle: Blob, trust: readonly File[], at: string): Promise<Outcome> {
    const examined = await verify(bundle, await trustOf(trust), instantOf(at));
    return { answer: answerOf(examined), verification: examined.verification };
  },
});

let bundle: File | null = null;
let trust: readonly File[] = [];
let isRunning = false;

function instantOf(text: string): number {
  if (text === "") return Date.now();
  const instant = parseInstant(text);
  if (instant === null)
    throw new BadInput("V003", "Instant in UTC", `'${text}' is no instant`, "write it as 2036-07-01T00:00:00Z");
  return instant;
}

function choose(files: readonly File[], isTrust: boolean): void {
  if (isTrust) {
    trust = files;
    const names = files.map((file) => file.name).join(", ");
    byId("trust-chosen").textContent = names || "Nothing chosen: without it no bundle is verified.";
  } else {
    bundle = files[0] ?? null;
    const size = bundle?.size.toLocaleString("en");
    byId("bundle-chosen").textContent = bundle ? `${bundle.name}, ${size} bytes` : "No bundle chosen.";
  }
}

async function run(): Promise<void> {
  window.probityResult = null;
  if (bundle === null) return say("Choose a bundle first.");
  const progress = byId<HTMLProgressElement>("progress");
  byId("result").hidden = true;
  say("Verifying…");
  progress.hidden = false;
  const name = bundle.name;
  try {
    const at = instantOf(byId<HTMLInputElement>("at").value.trim());
    const examined: Examined = await verify(bundle, await trustOf(trust), at, (done, total) => {
      progress.value = done / total;
    });
    window.probityResult = examined.verification;
    showResult(examined, name, at);
    say("Done.");
  } catch (cause) {
    refuse(cause);
  } finally {
    progress.hidden = true;
  }
}

function refuse(cause: unknown): void {
  say("Nothing was verified.");
  if (cause instanceof BadInput)
    showRefusal("✗ NOTHING VERIFIED", `${cause.code}: ${cause.message}. ${cause.hint}`.trim());
  else showRefusal("✗ NOTHING VERIFIED", `This page failed: ${String(cause)}. Use probity verify.`);
}

function say(text: string): void {
  byId("status").textContent = text;
}

function onDrop(zone: HTMLElement, isTrust: boolean): void {
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer) dropped(event.dataTransfer).then((files) => choose(files, isTrust), refuse);
  });
}

for (const [id, isTrust] of [["bundle", false], ["trust", true]] as const) {
  const input = byId<HTMLInputElement>(id);
  const changed = (): void => choose([...(input.files ?? [])], isTrust);
  input.addEventListener("change", changed);
  if (input.files?.length) changed(); // a browser may keep the choice when the page is loaded again
  onDrop(byId(`${id}-zone`), isTrust);
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (isRunning) return;
  isRunning = true;
  byId("verify").setAttribute("aria-disabled", "true");
  run().finally(() => {
    isRunning = false;
    byId("verify").removeAttribute("aria-disabled");
  });
});
