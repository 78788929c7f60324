"""`probity breach verify`: whoever holds the trust folder verifies the logs of cases, without the key that signs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import formatted


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder with the engagement's key")
@click.option("--key", "keys", multiple=True, metavar="PEM", help="an earlier public key, after a change of keys")
@click.option("--head", "heads", multiple=True, metavar="CASE@SEQ:SHA256", help="a head noted earlier")
@formatted
def command(folder: Path, trust: Path, keys: tuple[str, ...], heads: tuple[str, ...], form: str) -> None:
    """Verify every case of an engagement, or of a copy of its `.probity/cases`; exit 4 when a log does not.

    Needs neither the audit file nor a private key. Prints each case with its state and the head of its log.
    """
    from checks.cases.fold import fold  # noqa: PLC0415 - `--help` reads nothing
    from evidence.case_log import check_head, read_head  # noqa: PLC0415
    from evidence.spki import digest_of_key  # noqa: PLC0415
    from evidence.trust import load_trust  # noqa: PLC0415
    from flows.breach_file import earlier_keys  # noqa: PLC0415
    from flows.cases import verified  # noqa: PLC0415

    own = load_trust(trust).dsse_p256
    lines = verified(_cases(folder), {**earlier_keys(Path(), keys), digest_of_key(own): own})
    for text in heads:
        case, _, head = text.partition("@")
        check_head(case, lines.get(case, ()), read_head(head))
    found = [fold(each) for each in lines.values()]
    if form == "json":
        listed = [{"case": c.id, "state": c.state.value, "head": str(c.head)} for c in found]
        click.echo(json.dumps({"schema": "probity.cases-verified/v1", "verified": True, "cases": listed}))
        return
    for each in found:
        click.echo(f"{each.id}: {each.state}, head {each.head}")
    click.echo(f"{len(found)} case(s) verify; compare their heads with those noted elsewhere", err=True)


def _cases(folder: Path) -> Path:
    for found in (folder / ".probity" / "cases", folder):
        if (found / "register.json").is_file() or any(found.glob("case-*.jsonl")):  # one alone was tampered with
            return found
    hint = "name an engagement, or a copy of its .probity/cases with register.json"
    raise BadInput(Problem("B038", "has no cases", Place(str(folder)), hint))
