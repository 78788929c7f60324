"""The table of verbs, and a command group that imports a verb's module only when the verb is invoked."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from evidence.errors import OutputFailed


class Verb(NamedTuple):
    """Where a verb lives (`attribute` of a module) and the line that `--help` shows for it."""

    module: str
    summary: str
    attribute: str = "command"


#: In the order of `--help`: the order in which an engagement needs them.
VERBS = {
    "init": Verb("flows.cli.init", "Write the skeleton of an engagement."),
    "lint": Verb("flows.cli.lint", "Check a contract file and report every mistake."),
    "explain": Verb("flows.cli.explain", "Say what a commitment requires and what would prove it."),
    "schema": Verb("flows.cli.schema", "Print the JSON Schema of a file format, for editors."),
    "keys": Verb("flows.cli.keys", "Make signing keys and the trust folder readers are handed."),
    "waive": Verb("flows.cli.waive", "Accept a finding for a time, with what it was when accepted."),
    "plan": Verb("flows.cli.plan", "Show what would be gathered, from where; send nothing."),
    "doctor": Verb("flows.cli.doctor", "Look whether an audit could run now: reach, rights, clock, room."),
    "gather": Verb("flows.cli.gather", "Fetch evidence from its sources and keep it."),
    "audit": Verb("flows.cli.audit", "Gather, check, seal and report in one go."),
    "deploy": Verb("flows.cli.deploy", "Register an engagement's schedules with a Prefect server."),
    "report": Verb("flows.cli.report", "Write the report of a verified bundle."),
    "show": Verb("flows.cli.show", "Show findings and evidence of a verified bundle."),
    "diff": Verb("flows.cli.diff", "Say what changed between two verified bundles."),
    "export": Verb("flows.cli.export", "Write a verified bundle's findings in a format of other tools."),
    "ledger": Verb("flows.cli.ledger", "Examine a ledger of audits, or run a witness."),
    "verify": Verb("flows.cli.verify", "Verify a bundle against what you trust."),
    "breach": Verb("flows.cli.breach", "Open breach cases, decide on them, and send what two people agreed on."),
    "notify": Verb("flows.cli.notify", "Remind of running clocks and deliver the messages that wait."),
    "redact": Verb("flows.cli.redact", "Delete disclosed personal values from a copy of a bundle."),
    "replay": Verb("flows.cli.replay", "Judge a verified bundle again from itself alone, and compare."),
    "renew": Verb("flows.cli.renew", "Prolong a stamped bundle with one more stamp; no key is needed."),
}


class Verbs(click.Group):
    """A group over a table of verbs; a verb whose module is not installed is not offered."""

    table: Mapping[str, Verb] = VERBS

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a reader that closes our output early is our failure, not exit code 1, which means breached."""
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again on exit
            raise OutputFailed("the output was not read to its end") from None
        return outcome

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs that are installed, without importing them."""
        return [name for name, verb in self.table.items() if importlib.util.find_spec(verb.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one verb."""
        if cmd_name not in self.list_commands(ctx):
            return None
        verb = self.table[cmd_name]
        found: click.Command = getattr(importlib.import_module(verb.module), verb.attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb that was asked for, or refuse it with the nearest verb that exists."""
        if args and args[0] not in (known := self.list_commands(ctx)) and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], known, 1)
            hint = f"did you mean '{close[0]}'?" if close else "`probity --help` lists them."
            ctx.fail(f"there is no verb '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries of the table, so that no verb is imported for `--help`."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, self.table[name].summary) for name in self.list_commands(ctx)])
