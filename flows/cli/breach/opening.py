"""`probity breach open`: from a finding of a verified bundle, a vendor's notice, or what a person saw."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import Desk, acting, by_person, formatted, instant, stated

if TYPE_CHECKING:
    from checks.cases.entry import Origin


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--bundle", type=click.Path(path_type=Path), help="a bundle whose finding is the incident")
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder that the bundle verifies against")
@click.option("--commitment", help="the breached commitment of that bundle")
@click.option("--notice", metavar="ID", help="a notice by the vendor: its incident's or its own reference")
@click.option("--received", metavar="INSTANT", help="when that notice reached us")
@click.option("--vendor-aware", metavar="INSTANT", help="when the vendor says that it became aware")
@click.option("--seen", metavar="INSTANT", help="when a person saw what --summary says; now without it")
@click.option("--summary", metavar="TEXT", help="what happened, in a line")
@by_person
@formatted
def command(
    engagement: Path,
    bundle: Path | None,
    trust: Path | None,
    commitment: str | None,
    notice: str | None,
    received: str | None,
    vendor_aware: str | None,
    seen: str | None,
    summary: str | None,
    who: str | None,
    form: str,
) -> None:
    """Open a case, or join the one of the same incident; the same finding or notice is taken in once.

    Give --bundle, --trust and --commitment; or --notice, --received and --summary; or --summary alone.
    """
    from flows.cases import case, open_or_join  # noqa: PLC0415 - `--help` opens nothing
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    if bundle is not None:
        if commitment is None or notice is not None:
            raise _usage("--commitment", "name the breached commitment of the bundle")
        origin = _of_bundle(at, bundle, trust, commitment)
    elif summary is None:
        raise _usage("--summary", "say in a line what happened")
    elif notice is not None:
        if received is None:
            raise _usage("--received", "when did the vendor's notice reach us?")
        aware = None if vendor_aware is None else instant(vendor_aware, "--vendor-aware", at.now)
        origin = _of_notice(at, notice, instant(received, "--received", at.now), aware, summary)
    else:
        origin = _of_person(at, instant(seen, "--seen", at.now), summary)
    name = open_or_join(at.engagement, origin, at.now, at.who)
    echo(case(at.engagement, name), at.now, form)


def _of_bundle(at: Desk, bundle: Path, trust: Path | None, commitment: str) -> Origin:
    from evidence.canonical import strict_json  # noqa: PLC0415
    from evidence.errors import VerificationError  # noqa: PLC0415
    from evidence.model import AuditResult, Status  # noqa: PLC0415
    from flows.cases import origin_of  # noqa: PLC0415
    from flows.cli.verified import verified_content  # noqa: PLC0415

    content = verified_content(bundle, trust)
    raw = content.read("data/results/findings.json")
    parsed = strict_json(raw, what="findings.json", error=lambda text: VerificationError("MALFORMED", text))
    result = AuditResult.model_validate(parsed)
    if result.contract.id != at.engagement.contract.id:
        raise _usage("--bundle", f"is an audit of {result.contract.id}, not of {at.engagement.contract.id}")
    finding = next((f for f in result.findings if f.commitment == commitment), None)
    if finding is None or finding.status is not Status.BREACHED:
        raise _usage("--commitment", f"{commitment} is not breached in that bundle")
    return origin_of(result, finding, bundle.name, min(content.facts.sealed_at, at.now))


def _of_notice(at: Desk, notice: str, received: datetime, aware: datetime | None, summary: str) -> Origin:
    from checks.cases.entry import Origin  # noqa: PLC0415

    vendor = at.engagement.contract.vendor.name
    return stated(
        Origin,
        id=f"notice/{notice}",
        key=f"notice/{at.engagement.contract.id}/{notice}",
        kind="notice",
        summary=f"{vendor} gave notice {notice}: {summary}",
        seen_at=received,
        basis=f"the notice {notice} of {vendor} was received",
        vendor_aware_at=aware,
        marks=(notice,),
    )


def _of_person(at: Desk, seen: datetime, summary: str) -> Origin:
    from checks.cases.entry import Origin  # noqa: PLC0415
    from evidence.canonical import sha256_hex  # noqa: PLC0415
    from evidence.model import instant_text  # noqa: PLC0415

    key = f"report/{at.engagement.contract.id}/{sha256_hex(summary.encode())[:16]}"
    name = f"{key}@{instant_text(seen)}"  # the same words at another time are another sighting, of a closed case too
    basis = f"reported by {at.who}"
    return stated(Origin, id=name, key=key, kind="report", summary=summary, seen_at=seen, basis=basis, marks=(name,))


def _usage(where: str, what: str) -> BadInput:
    return BadInput(Problem("B030", what, Place(where), "`probity breach open --help` has the three ways"))
