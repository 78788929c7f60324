"""`python -m evidence verify`: the base install's verifier, without pipeline and without the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evidence.verify import run_verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and return the exit code: 0 verified, 4 not verified, 2 bad usage."""
    parser = argparse.ArgumentParser(prog="python -m evidence", description="Verify a sealed audit, offline.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("verify", help="check a bundle against a trust folder")
    verb.add_argument("bundle", type=Path, help="the .zip file")
    verb.add_argument("--trust", type=Path, help="the signer's trust folder, obtained by another channel")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.add_argument("--at", type=_instant, help="the time now with its UTC offset, for a policy that limits the age")
    given = parser.parse_args(arguments)
    return run_verify(given.bundle, given.trust, given.format, sys.stdout, sys.stderr, at=given.at)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as cause:
        raise argparse.ArgumentTypeError(f"{text!r} is not an instant such as 2025-07-01T00:00:00Z") from cause
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no UTC offset")
    return instant


if __name__ == "__main__":
    sys.exit(main())
