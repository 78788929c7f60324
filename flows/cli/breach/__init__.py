"""`probity breach`: cases, their clocks and their notices. Deadlines are computed, texts are drafted; people act."""

from __future__ import annotations

from collections.abc import Mapping

import click

from flows.cli.verbs import Verb, Verbs

#: In the order in which a case needs them.
STEPS = {
    "list": Verb("flows.cli.breach.listing", "List cases, and how soon their clocks end."),
    "show": Verb("flows.cli.breach.show", "Show a case: what is known, decided, drafted, sent, and when it is due."),
    "open": Verb("flows.cli.breach.opening", "Open a case, or join the one of the same incident."),
    "triage": Verb("flows.cli.breach.triage", "Take a case up."),
    "anchor": Verb("flows.cli.breach.anchor", "State an instant that clocks run from, or set one aside."),
    "classify": Verb("flows.cli.breach.classify", "Decide which duties arise, or that nobody is notified."),
    "fact": Verb("flows.cli.breach.fact", "State facts for the notices."),
    "templates": Verb("flows.cli.breach.templates", "List templates of notices and the facts they need."),
    "draft": Verb("flows.cli.breach.draft", "Draft a notice, or put in a text that was edited."),
    "review": Verb("flows.cli.breach.review", "Record that another person read exactly this text."),
    "approve": Verb("flows.cli.breach.approve", "Approve exactly this text, as another person than its drafters."),
    "send": Verb(
        "flows.cli.breach.send", "Send an approved text to a partner, or write it out and record who filed it."
    ),
    "ack": Verb("flows.cli.breach.ack", "Record that a notice was acknowledged."),
    "cure": Verb("flows.cli.breach.cure", "Record since when a breach is cured."),
    "link": Verb("flows.cli.breach.link", "Put more evidence under the hold of a case."),
    "close": Verb("flows.cli.breach.close", "Close a case and release what it held."),
    "verify": Verb("flows.cli.breach.verify", "Verify the logs of cases with the trust folder alone."),
    "remedies": Verb("flows.cli.breach.remedies", "Show what follows from each incident: cures, rights, credits."),
    "deadlines": Verb("flows.cli.breach.deadlines", "Compute the deadline of one rule, without a case."),
}


class Steps(Verbs):
    """The verbs of `STEPS`, each imported only when it is invoked."""

    table: Mapping[str, Verb] = STEPS


@click.group(cls=Steps)
def command() -> None:
    """Work on breach cases.

    A failed check is no notifiable breach: a case opens, its triage clock runs, and a person decides either way. The
    program computes, drafts and keeps the record. It files nothing with an authority.
    """
