"""Run both examples from evidence to a verified bundle, and compare every verdict with what it should be.

One example runs directly, the other as a Prefect flow on a temporary server. Exits 0 only when every clause has the
status named in `EXAMPLES` and both bundles verify.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROBITY = [sys.executable, "-m", "flows.cli"]

#: Folder, extra options, and the status that every clause must have.
EXAMPLES = (
    ("finance-firm", (), {"RET-24H": "met", "TRN-NONE": "met"}),
    ("eu-bedrock", ("--flow",), {"RES-EU": "breached", "ATT-SOC2": "met", "ATT-ISO": "met", "ADV-SEAT": "unproven"}),
)


def main() -> int:
    """Run the examples and return the exit code."""
    os.chdir(HERE.parent)
    wrong = 0
    for name, options, expected in EXAMPLES:
        wrong += _example(name, options, expected)
    if wrong:
        _say(f"\n{wrong} results differ from what the examples should give.")
        return 1
    _say("\nEvery verdict is as it should be. Next: open a report above in a browser, read examples/*/contract.yaml,")
    _say("and run: .venv/bin/probity explain RET-24H --contract examples/finance-firm/contract.yaml")
    return 0


def _example(name: str, options: tuple[str, ...], expected: dict[str, str]) -> int:
    folder = Path("examples") / name
    _say(f"\n== {name}{' as a Prefect flow' if options else ''}: {', '.join(expected)}")
    subprocess.run([sys.executable, str(folder / "generate.py")], check=True, stdout=subprocess.DEVNULL)
    if not (folder / "keys").exists():
        _run("keys", "new", str(folder / "keys"), "--name", f"{name} example seal")
    audited = _run("audit", str(folder), "--format", "json", *options)
    if audited.returncode not in {0, 1, 3}:
        _say(f"   the audit ended with exit code {audited.returncode}")
        return len(expected)
    result = json.loads(audited.stdout)
    wrong = 0
    for finding in result["findings"]:
        given, wanted = finding["status"], expected[finding["commitment"]]
        wrong += given != wanted
        _say(
            f"   {finding['commitment']:<9} {given:<9} {'' if given == wanted else f'(should be {wanted}) '}"
            f"{finding['because']}"
        )
    trust = str(folder / "keys" / "trust")
    verified = _run("verify", result["bundle"], "--trust", trust)
    report = Path(result["bundle"]).with_suffix(".html")
    taken = _run("report", result["bundle"], "--trust", trust, "--out", str(report))
    _say(f"   bundle    {'verified' if verified.returncode == 0 else 'NOT VERIFIED'}  {result['bundle']}")
    _say(f"   report    {report}")
    return (
        wrong
        + len(expected.keys() - {f["commitment"] for f in result["findings"]})
        + (verified.returncode != 0)
        + (taken.returncode != 0)
    )


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROBITY, *arguments], check=False, stdout=subprocess.PIPE, text=True)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script's result


if __name__ == "__main__":
    raise SystemExit(main())
