"""`python -m evidence verify`: the base install's verifier, without pipeline and without the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evidence.errors import ProbityError
from evidence.verify import parse_at, run_verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and return the exit code: 0 verified, 4 not verified, 2 bad usage."""
    parser = argparse.ArgumentParser(prog="python -m evidence", description="Verify a sealed audit, offline.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("verify", help="check a bundle against a trust folder")
    verb.add_argument("bundle", type=Path, help="the .zip file")
    verb.add_argument("--trust", type=Path, help="the signer's trust folder or file, obtained by another channel")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.add_argument("--at", help="verify as of this instant, with an offset; without it as of now")
    given = parser.parse_args(arguments)
    try:
        at = datetime.now(UTC) if given.at is None else parse_at(given.at)
    except ProbityError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return run_verify(given.bundle, given.trust, given.format, sys.stdout, sys.stderr, at=at)


if __name__ == "__main__":
    sys.exit(main())
