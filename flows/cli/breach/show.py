"""`probity breach show`: one case, after its log verified."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import desk, formatted, on_case


@click.command()
@on_case
@click.option("--text", "notice", metavar="NOTICE", help="print addressee and text of this notice and nothing else")
@click.option("--head", metavar="SEQ:SHA256", help="a head noted earlier, which the log must still have")
@formatted
def command(engagement: Path, case: str, notice: str | None, head: str | None, form: str) -> None:
    """Show what is known, decided, drafted and sent, and when everything is due.

    Exit code 4 when the log was changed, cut or put back; with --head also when all of it was put back to an older
    state. With --text, standard error has the digest that `review` and `approve` take.
    """
    from checks.notices.plain import plain  # noqa: PLC0415 - `--help` opens nothing
    from evidence.case_log import check_head, read_head  # noqa: PLC0415
    from flows.cases import case as read  # noqa: PLC0415
    from flows.cases import history  # noqa: PLC0415
    from flows.cli.breach.shown import case_json, full  # noqa: PLC0415
    from flows.notices import delivery  # noqa: PLC0415

    at = desk(engagement)
    if head is not None:
        check_head(case, history(at.engagement, case), read_head(head))
    found = read(at.engagement, case)
    if notice is not None:
        if notice not in found.notices:
            hint = f"notices are {', '.join(found.notices) or 'none'}"
            raise BadInput(Problem("B021", f"has no notice {notice[:20]}", Place(case), hint))
        click.echo(found.notices[notice].as_read, nl=False)
        click.echo(f"sha256 {found.notices[notice].sha256}", err=True)
        return
    entries = {n.id: delivery(at.engagement, found, n) for n in found.notices.values()}
    put = {name: entry for name, entry in entries.items() if entry is not None}
    if form == "json":
        told = {name: {"state": e.state.value, "receipt": e.receipt, "problem": e.problem} for name, e in put.items()}
        click.echo(json.dumps(case_json(found, at.now) | {"deliveries": told}, ensure_ascii=False))
        return
    click.echo(full(found, at.now))
    for name, entry in put.items():
        click.echo(plain(f"{name} in the outbox: {entry.state}, {entry.receipt or entry.problem or 'not tried yet'}"))
