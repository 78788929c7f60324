// Builds verify.html: one file, the same bytes from the same sources, with a policy that allows its own script alone.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const out = process.argv[2] ?? here("verify.html");

const bundled = await build({
  entryPoints: [here("src/main.ts")],
  absWorkingDir: here("."),
  bundle: true,
  write: false,
  format: "iife",
  target: ["chrome119", "firefox129", "safari17"],
  charset: "ascii",
  legalComments: "inline",
  sourcemap: false,
  minify: false, // an auditor may want to read it
});
const script = `\n${bundled.outputFiles[0].text}`;
const style = `\n${readFileSync(here("src/page.css"), "utf8")}`;
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error("would end the element it is in");

const allowed = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const csp = [
  "default-src 'none'",
  `script-src ${allowed(script)}`,
  `style-src ${allowed(style)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");
const parts = { csp, style, script };
const page = readFileSync(here("src/page.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => {
  if (!(name in parts)) throw new Error(`page.html: ${name}`);
  return parts[name];
});
writeFileSync(out, page);
writeFileSync(`${out}.sha256`, `${createHash("sha256").update(page).digest("hex")}  verify.html\n`);
