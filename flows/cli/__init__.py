"""The command line: `main` turns every outcome into an exit code and never lets a traceback out unasked."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Sequence

import click

from evidence.errors import ProbityError
from flows.cli.verbs import Verbs
from infra import settings

USAGE = 2
OUR_FAILURE = 5
OUR_PACKAGES = frozenset({"flows", "checks", "evidence", "infra"})

EPILOG = (
    "Exit codes: 0 kept; 1 breached; 2 usage, contract or configuration invalid; 3 unproven and nothing breached; "
    "4 something does not verify; 5 our own failure."
)


@click.group(
    cls=Verbs,
    epilog=EPILOG,
    context_settings={
        "auto_envvar_prefix": "PROBITY",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.version_option(package_name="probity", prog_name="probity")
def group() -> None:
    """Audit whether a generative-AI vendor keeps its contract's data promises, and seal the answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; `arguments` default to the process's own."""
    settings.harden()
    _end_like_an_interrupt()
    try:
        return _run(arguments)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted; what was gathered is kept", OUR_FAILURE)
    except click.ClickException as error:
        return _fail(_usage(error), USAGE)
    except ProbityError as error:
        return _fail(str(error) or type(error).__name__, error.exit_code)
    except ModuleNotFoundError as error:
        return _not_installed(error)
    except Exception as error:  # noqa: BLE001  the last line of defence: an exit code and one line, whatever happened
        return _internal(error)


def _end_like_an_interrupt() -> None:
    """Let SIGTERM unwind as Ctrl-C does, so that no half-written file stays; only a main thread may ask for that."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _run(arguments: Sequence[str] | None) -> int:
    color = False if settings.no_color() else None
    words = None if arguments is None else list(arguments)
    outcome = group.main(words, "probity", standalone_mode=False, color=color)
    return outcome if isinstance(outcome, int) else 0


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    usage = f"{context.get_usage()}\n" if context else ""
    return f"{usage}error: {error.format_message()}"


def _not_installed(error: ModuleNotFoundError) -> int:
    missing = (error.name or "").partition(".")[0]
    if missing in OUR_PACKAGES:
        return _internal(error)
    return _fail(f"error: '{missing}' is not installed; this verb needs the extra `probity[run]`", USAGE)


def _internal(error: Exception) -> int:
    if settings.debug():
        _say("".join(traceback.format_exception(error)).rstrip())
    first = (str(error).splitlines() or ["no message"])[0]
    hint = "" if settings.debug() else "\nset PROBITY_DEBUG=1 for the traceback"
    return _fail(f"internal error: {type(error).__name__}: {first}{hint}", OUR_FAILURE)


def _fail(message: str, code: int) -> int:
    _say(message)
    return code


def _say(message: str) -> None:
    click.echo(settings.masked(message), err=True)
