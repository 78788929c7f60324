"""`probity breach anchor`: the instants that clocks run from, with what they rest on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import acting, by_person, formatted, on_case, stated

if TYPE_CHECKING:
    from checks.cases.entry import Entry


@click.command()
@on_case
@click.argument("anchor", metavar="NAME[=INSTANT]")
@click.option("--basis", metavar="TEXT", help="what the instant rests on")
@click.option("--set-aside", "line", type=click.IntRange(min=1), metavar="LINE", help="set that candidate aside")
@click.option("--reason", metavar="TEXT", help="why it is set aside")
@by_person
@formatted
def command(
    engagement: Path,
    case: str,
    anchor: str,
    basis: str | None,
    line: int | None,
    reason: str | None,
    who: str | None,
    form: str,
) -> None:
    """Add a candidate: NAME=INSTANT --basis TEXT, where NAME is vendor_aware or an anchor of `breach deadlines`.

    The earliest candidate counts, so that a deadline moves earlier by itself. It moves later only when a person sets
    a candidate aside: NAME --set-aside LINE --reason TEXT, with the number that `breach show` has in brackets.
    """
    from flows.cases import record  # noqa: PLC0415 - `--help` opens nothing
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    entry = _set_aside(anchor, line, reason) if line is not None else _candidate(anchor, basis, at.now)
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)


def _candidate(text: str, basis: str | None, now: datetime) -> Entry:
    from checks.cases.clocks import anchor_stated  # noqa: PLC0415
    from checks.cases.entry import Anchored  # noqa: PLC0415

    name, given, instant = text.partition("=")
    if not given or not basis:
        raise BadInput(
            Problem("B031", "an anchor needs an instant and its basis", Place("NAME=INSTANT"), "--basis TEXT")
        )
    if anchor_stated(name, instant).instant(ZoneInfo("UTC")) > now:
        raise BadInput(Problem("B036", f"{instant} lies in the future", Place(name), "state what happened"))
    return stated(Anchored, name=name, stated=instant, basis=basis)


def _set_aside(name: str, line: int, reason: str | None) -> Entry:
    from checks.cases.entry import SetAside  # noqa: PLC0415

    if "=" in name or not reason:
        hint = "NAME --set-aside LINE --reason TEXT"
        raise BadInput(
            Problem("B031", "a candidate is set aside by its name, for a reason", Place("--set-aside"), hint)
        )
    return stated(SetAside, name=name, candidate=line, reason=reason)
