"""`probity notify`: say what the clocks say, deliver what waits, and look at what became of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from evidence.errors import BadInput, NotDelivered, Place, Problem
from evidence.model import instant_text
from flows.wiring import desk

if TYPE_CHECKING:
    from flows.notifying import Desk, Ticked
    from infra.notify.outbox import Entry

ENDS = {"sent", "digested", "withdrawn"}


@click.command()
@click.argument("engagement", type=click.Path())
@click.option("--test", "tested", metavar="CHANNEL", help="send a test message through one channel now, and no more")
@click.option("--list", "listed", is_flag=True, help="show what is in the outbox and what became of it; send nothing")
@click.option("--all", "everything", is_flag=True, help="with --list: also what was sent long ago")
@click.option("--retry", "retried", metavar="ID", help="try a message again that was given up, in this pass")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    engagement: str, tested: str | None, listed: bool, everything: bool, retried: str | None, form: str
) -> None:
    """Put reminders of running clocks into the outbox, deliver what is due, and tell the outside monitor.

    Run it every minute or few: a pass that has nothing to do costs a second, and two at once do not hurt.
    Exit codes: 0 nothing failed for good; 4 a case log does not verify; 5 a message was given up.
    """
    if sum((tested is not None, listed, retried is not None)) > 1:
        raise click.UsageError("--test, --list and --retry are three things; ask for one")
    at = desk(engagement)
    if tested is not None:
        _try(at, tested)
        return
    if listed:
        found = at.outbox.entries()
        shown = found if everything else [e for e in found if e.state.value not in ENDS] + _last(found)
        click.echo(_listed(shown, form))
        return
    if retried is not None and not at.outbox.revive(retried, at.now()):
        hint = "`--list` shows the ids; only dead messages can be tried again"
        raise BadInput(Problem("N002", f"no message {retried!r} was given up", Place("--retry"), hint))
    _pass(at, form)


def _try(at: Desk, name: str) -> None:
    from flows.notifying import try_channel  # noqa: PLC0415 - the pipeline is not in the base install

    receipt = try_channel(at, name)
    click.echo(" ".join(filter(None, (f"{name}: delivered", receipt.reference, receipt.detail))))
    if receipt.problem:
        raise NotDelivered(f"{name}: {receipt.problem}")


def _pass(at: Desk, form: str) -> None:
    from flows.notifying import tick  # noqa: PLC0415

    ticked = tick(at)
    for note in ticked.notes:
        click.echo(note, err=True)
    click.echo(_told(ticked, form))
    if ticked.delivered.dead:
        why = "\n".join(f"{message}: {reason}" for message, reason in ticked.delivered.dead.items())
        raise NotDelivered(f"given up:\n{why}")
    if ticked.broken is not None:
        raise ticked.broken


def _told(ticked: Ticked, form: str) -> str:
    done = ticked.delivered
    if form == "json":
        said = {"put": ticked.put, "sent": done.sent, "waiting": done.waiting, "dead": done.dead}
        return json.dumps({"schema": "probity.notify/v1", **said}, ensure_ascii=False)
    counts = f"{ticked.put} put, {len(done.sent)} sent, {len(done.waiting)} to try again, {len(done.dead)} given up"
    return "\n".join([counts, *(f"  waits {message}: {why}" for message, why in done.waiting.items())])


def _last(found: list[Entry]) -> list[Entry]:
    """Return the last twenty messages that need nothing more."""
    return [entry for entry in found if entry.state.value in ENDS][-20:]


def _listed(found: list[Entry], form: str) -> str:
    if form == "json":
        return json.dumps({"schema": "probity.outbox/v1", "messages": [_json(e) for e in found]}, ensure_ascii=False)
    return "\n".join(_line(entry) for entry in found) or "the outbox is empty"


def _line(entry: Entry) -> str:
    state = entry.state.value
    if state == "waiting" and entry.attempts:
        state = f"waiting until {instant_text(entry.next_attempt)}"
    about = entry.problem or entry.receipt
    said = f"{entry.id}  {instant_text(entry.created)}  {entry.channel}  {entry.kind.value}  {state}"
    return "\n".join([said, f"    {entry.subject}", *([f"    {about}"] if about else [])])


def _json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "channel": entry.channel,
        "key": entry.key,
        "kind": entry.kind.value,
        "incident": entry.incident,
        "severity": entry.severity,
        "subject": entry.subject,
        "created": instant_text(entry.created),
        "state": entry.state.value,
        "attempts": entry.attempts,
        "next_attempt": instant_text(entry.next_attempt),
        "receipt": entry.receipt,
        "problem": entry.problem,
    }
