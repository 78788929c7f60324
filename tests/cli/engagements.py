"""Small engagements on disk for tests that go through the command line, and what such a run leaves behind."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from evidence.keys import make_keys
from flows.cli import main
from tests.cli.commands import Outcome

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "examples" / "finance-firm" / "generate.py"
REQUESTS = 30
ENTRY = "import sys; from flows.cli import main; sys.exit(main())"

RESIDENCY = """\
probity: contract/v1
id: trail
version: 1
customer: {name: Acme Bank SE}
vendor: {name: Vendor Ltd}
services: [api]
term: {from: 2025-01-01, to: 2026-12-31}
documents:
  DPA: {title: Data Processing Addendum}
commitments:
  RES-EU:
    kind: data-residency
    clause: DPA §7.1 p.10
    severity: critical
    allowed: EU
    activities: [process]
"""
AUDIT = """\
probity: audit/v1
sources:
  - {kind: cloudtrail, path: cloudtrail}
  - {kind: files, path: evidence}
signer: {kind: local, keys: keys/private}
store: {kind: folder, path: bundles}
period: 2025-06
as_of: 2025-07-05T00:00:00Z
"""
TOTALS = "meter,period_start,period_end,metric,value\ngateway,2025-06-01T00:00:00Z,2025-07-01T00:00:00Z,requests,{}\n"


@cache
def finance_firm() -> ModuleType:
    """Return the generator of the example with retention and training clauses."""
    spec = importlib.util.spec_from_file_location("generate_finance_firm_for_cli", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def firm(folder: Path, variant: str = "compliant", requests: int = REQUESTS) -> Path:
    """Write a variant of the finance firm, with keys, and return its folder."""
    finance_firm().generate(variant, folder, requests)
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    return folder


def call(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return one CloudTrail record of a model that ran in Frankfurt; None removes a key."""
    event = {
        "eventTime": f"2025-06-10T12:00:{number:02d}Z",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "awsRegion": "eu-central-1",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/claims/jane"},
        "requestParameters": {"modelId": "anthropic.claude-sonnet-4-6"},
        "additionalEventData": {"inferenceRegion": "eu-central-1", "inputTokens": 3, "outputTokens": 4},
    }
    return {key: value for key, value in (event | changes).items() if value is not None}


def trail(folder: Path, *records: dict[str, Any], requests: int | None = None) -> Path:
    """Write an engagement with a CloudTrail folder and an independent count of its calls, with keys."""
    listed = records or (call(1), call(2))
    (folder / "evidence").mkdir(parents=True)
    (folder / "contract.yaml").write_text(RESIDENCY)
    (folder / "audit.yaml").write_text(AUDIT)
    (folder / "evidence" / "usage_totals.csv").write_text(TOTALS.format(len(listed) if requests is None else requests))
    log(folder).parent.mkdir()
    log(folder).write_bytes(gzip.compress(json.dumps({"Records": listed}).encode(), mtime=0))
    make_keys(folder / "keys", "test seal", datetime.now(UTC))
    return folder


def unjudged(folder: Path) -> Path:
    """Put the only clause of a `trail` out of force, so that a run needs no engine, and return the folder."""
    edit(
        folder / "contract.yaml",
        "severity: critical\n",
        "severity: critical\n    in_force: {from: 2026-01-01, to: 2026-02-01}\n",
    )
    return folder


def log(folder: Path) -> Path:
    """Return the one log file of a `trail`."""
    return folder / "cloudtrail" / "log.json.gz"


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs in a file, and fail where it does not."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new))


def copied(template: Path, into: Path) -> Path:
    """Return a copy of an engagement, file modes included."""
    shutil.copytree(template, into)
    return into


def bundles(folder: Path) -> list[Path]:
    """Return the sealed bundles of an engagement, oldest first."""
    return sorted((folder / "bundles").glob("*.zip"))


def members(bundle: Path) -> dict[str, bytes]:
    """Return every member of a bundle, inflated."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def is_work(name: Path) -> bool:
    """Return whether a name relative to the engagement is something inside the work folder."""
    return name.parts[:2] == (".probity", "work") and len(name.parts) > 2


def half_done(folder: Path) -> list[str]:
    """Return what no run may leave: partial files, bundles not in a store, and anything in the work folder."""
    marks = ("partial", ".put-", ".part", "write-test", ".salt-")
    names = [path.relative_to(folder) for path in folder.rglob("*")]
    return sorted(str(n) for n in names if any(m in n.name for m in marks) or is_work(n))


def kept(folder: Path) -> set[str]:
    """Return the digests of everything in an engagement's locker."""
    return {path.name for path in (folder / ".probity" / "locker").glob("??/*")}


def probity(*words: object) -> Outcome:
    """Run a verb in this process, as the entry point does: some verbs leave with SystemExit, some return a code."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: object = main([str(word) for word in words])
        except SystemExit as left:
            code = left.code
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


def process(*words: object, env: Mapping[str, str] | None = None, code: str = ENTRY) -> Outcome:
    """Run a verb in a process of its own; `code` may prepare that process first."""
    command = [sys.executable, "-c", code, *map(str, words)]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
        env=dict(os.environ) | dict(env or {}),
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


def audited(folder: Path, *words: object) -> tuple[Path, Outcome]:
    """Audit an engagement and return its folder with the outcome."""
    return folder, probity("audit", folder, *words)
