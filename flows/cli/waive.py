"""`probity waive`: accept a finding for a time, with what it was when it was accepted."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import click
from ruamel.yaml import YAML

from checks.codes import Code
from checks.waivers import AcceptedException, freeze, load_waivers
from evidence.canonical import strict_json
from evidence.errors import BadInput, OutputFailed, Place, Problem, VerificationError
from evidence.model import AuditResult
from evidence.trust import load_trust
from evidence.verify import verify
from flows.engagement import open_engagement
from infra import settings


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.argument("commitment")
@click.option("--bundle", required=True, type=click.Path(path_type=Path), help="the audit whose finding is accepted")
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder for that bundle")
@click.option("--author", required=True, help="who asks for the exception")
@click.option("--approver", required=True, help="who accepts it; never the author")
@click.option("--reason", required=True)
@click.option("--expires", required=True, metavar="DATE", help="the last day on which it holds, YYYY-MM-DD")
def command(
    engagement: Path, commitment: str, bundle: Path, trust: Path, author: str, approver: str, reason: str, expires: str
) -> None:
    """Add a waiver to the engagement's waivers.yaml, frozen at the measured value of a verified bundle.

    The finding keeps its status; the waiver is shown beside it until it expires or the value worsens.
    """
    opened = open_engagement(engagement, settings.variable)
    now = datetime.now(UTC)
    content = verify(bundle, load_trust(trust), at=now).content()
    raw = content.read("data/results/findings.json")
    parsed = strict_json(raw, what="findings.json", error=lambda text: VerificationError("MALFORMED", text))
    result = AuditResult.model_validate(parsed)
    if result.contract.id != opened.contract.id:
        raise _bad("--bundle", f"is an audit of {result.contract.id}, not of {opened.contract.id}")
    finding = next((f for f in result.findings if f.commitment == commitment), None)
    if finding is None:
        raise _bad("COMMITMENT", f"{commitment} is not in that bundle")
    entry: dict[str, object] = {
        "commitment": commitment,
        "author": author,
        "approver": approver,
        "reason": reason,
        "granted_on": now.date().isoformat(),
        "expires_on": _day(expires).isoformat(),
        "frozen": {k: v for k, v in freeze(finding).as_json().items() if v is not None},
    }
    path = engagement / opened.file.waivers
    kept = [w for w in load_waivers(path) if w.commitment != commitment]
    _write(path, [*map(_plain, kept), entry])
    click.echo(f"{commitment}: accepted by {approver} until {expires}; written to {path}")


def _plain(waiver: AcceptedException) -> dict[str, object]:
    stated = waiver.as_json()
    stated["frozen"] = {k: v for k, v in stated["frozen"].items() if v is not None}
    return stated


def _write(path: Path, entries: list[dict[str, object]]) -> None:
    """Write the file whole or not at all; what was read back must be valid, or the old file stays."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump({"probity": "waivers/v1", "waivers": entries}, file)
            file.flush()
            os.fsync(file.fileno())
        load_waivers(partial)
        partial.replace(path)
    except OSError as cause:
        raise OutputFailed(f"cannot write {path}: {cause.strerror or cause}") from cause
    finally:
        partial.unlink(missing_ok=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _bad("--expires", f"{text!r} is not a date; write YYYY-MM-DD") from None


def _bad(where: str, what: str) -> BadInput:
    return BadInput(Problem(Code.MALFORMED, what, Place(where)))
