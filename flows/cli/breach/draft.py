"""`probity breach draft`: a text from a template and what is known, or a text that a person edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import acting, by_person, formatted, on_case
from flows.cli.written import write_result

if TYPE_CHECKING:
    from checks.cases.entry import Drafted

MAX_FILE = 400_000


@click.command()
@on_case
@click.argument("template", metavar="TEMPLATE|NOTICE")
@click.option("--text", "file", type=click.Path(path_type=Path), help="the next text of NOTICE, as a person edited it")
@click.option("--supplements", metavar="NOTICE", help="a notice that was sent, which this one supplements")
@click.option("--channel", metavar="NAME", help="the channel that is to take it to a partner; approved with the text")
@click.option("--to", "to", multiple=True, metavar="ADDRESS", help="whom that mail is to be addressed to")
@click.option("--out", type=click.Path(path_type=Path), help="write the text here as well, to read or to edit")
@by_person
@formatted
def command(
    engagement: Path,
    case: str,
    template: str,
    file: Path | None,
    supplements: str | None,
    channel: str | None,
    to: tuple[str, ...],
    out: Path | None,
    who: str | None,
    form: str,
) -> None:
    """Draft a notice from TEMPLATE; or the next text of NOTICE (N-1), from its template or from --text.

    What is not known is printed as not yet known. Every new text or addressee ends the review and the approval of the
    one before, and whoever drafted any of them can neither review nor approve.
    """
    from flows import notices  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import case as read  # noqa: PLC0415
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    found = read(at.engagement, case)
    before = found.notices.get(template)
    if file is not None and before is None:
        raise BadInput(
            Problem("B028", f"{template} is no notice of {case}", Place("--text"), "draft it from a template")
        )
    if before is not None:
        notices.refuse_if_put(at.engagement, found, before)
    of = notices.template_of(at.engagement, before.template if before else template)
    whom = notices.addressee(at.engagement, of, before, channel, to)
    if file is not None and before is not None:
        entry = notices.edited(before, _read(file), whom)
    else:
        name, more = (before.id, before.supplements) if before else (None, supplements)
        entry = notices.drafted(at.engagement, found, of, at.now, notice=name, supplements=more, addressee=whom)
    after = record(at.engagement, case, entry, at.now, at.who)
    if out is not None:
        write_result(out, entry.text.encode())
    echo(after, at.now, form)
    if form == "text":
        _say(entry)


def _say(entry: Drafted) -> None:
    click.echo(f"  {entry.notice} {entry.template}: sha256 {entry.sha256}")
    if entry.channel:
        click.echo(f"  to {' '.join((entry.channel, *entry.to))}")
    if entry.unknown:
        click.echo(f"  not yet known: {', '.join(entry.unknown)}")


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise BadInput(Problem("B028", f"is larger than {MAX_FILE} bytes", Place(str(path))))
        return raw.decode("utf-8")
    except OSError as cause:
        raise BadInput(Problem("B028", f"cannot be read ({cause.strerror})", Place(str(path)))) from None
    except UnicodeDecodeError:
        raise BadInput(Problem("B028", "is not UTF-8", Place(str(path)))) from None
