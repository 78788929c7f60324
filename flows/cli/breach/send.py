"""`probity breach send`: an approved text leaves; to a partner by the outbox, to anybody else by a person's hand."""

from __future__ import annotations

from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import Desk, acting, by_person, formatted, instant, on_case
from flows.cli.written import write_result


@click.command()
@on_case
@click.argument("notice")
@click.option("--channel", metavar="NAME", help="the channel it is approved for, which takes it to a partner")
@click.option("--to", "to", multiple=True, metavar="ADDRESS", help="whom it is approved for; may be left out")
@click.option("--out", type=click.Path(path_type=Path), help="write the approved text here, for a person to submit")
@click.option("--submitted", metavar="INSTANT", help="state that it was submitted then; with --receipt")
@click.option("--receipt", metavar="TEXT", help="what the recipient gave as proof, such as a reference number")
@by_person
@formatted
def command(
    engagement: Path,
    case: str,
    notice: str,
    channel: str | None,
    to: tuple[str, ...],
    out: Path | None,
    submitted: str | None,
    receipt: str | None,
    who: str | None,
    form: str,
) -> None:
    """Send an approved notice. Exit code 4 without an approval of exactly its text, or of exactly this addressee.

    To vendor or customer: --channel, as `draft` was told. To authorities, data subjects and the public nothing is ever
    sent: --out writes the text for a person, who submits it and records so with --submitted and --receipt.
    """
    from flows.notices import hand_out, put_into_outbox, state_submission  # noqa: PLC0415 - `--help` opens nothing

    ways = [channel is not None, out is not None, submitted is not None or receipt is not None]
    if ways.count(True) != 1:
        raise _usage("--channel", "choose one way", "--channel, --out, or --submitted with --receipt")
    at = acting(engagement, who)
    if out is not None:
        write_result(out, hand_out(at.engagement, case, notice).encode())
        click.echo(f"{out}: approved text of {notice}, to be submitted by a person; nothing was sent")
        return
    if channel is not None:
        put_into_outbox(at.engagement, case, notice, channel=channel, to=to, now=at.now, who=at.who)
    elif submitted is None or receipt is None:
        raise _usage("--submitted", "a submission needs its instant and its receipt", "--submitted … --receipt …")
    else:
        when = instant(submitted, "--submitted", at.now)
        state_submission(at.engagement, case, notice, when=when, receipt=receipt, now=at.now, who=at.who)
    _echo(at, case, form)


def _echo(at: Desk, case: str, form: str) -> None:
    from flows.cases import case as read  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    echo(read(at.engagement, case), at.now, form)


def _usage(where: str, what: str, hint: str) -> BadInput:
    return BadInput(Problem("B034", what, Place(where), hint))
