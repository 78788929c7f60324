"""`probity redact`: delete personal values from a copy of a bundle; no key is needed and every seal stays valid."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.errors import BadInput, Place, Problem, VerificationError

if TYPE_CHECKING:
    from evidence.redact import Personal

MAX_STDIN = 1024 * 1024
#: How many folders above a bundle are looked at for the engagement that it lies in.
LEVELS = 4


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="the redacted bundle; without it nothing is written")
@click.option("--all", "everything", is_flag=True, help="delete every value")
@click.option("--field", "fields", multiple=True, metavar="FAMILY.COLUMN", help="delete the values of a field")
@click.option("--token", "tokens", multiple=True, metavar="TOKEN", help="delete the value behind a token of a table")
@click.option("--value-from-stdin", "from_stdin", is_flag=True, help="delete the values on standard input, one a line")
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder that the bundle verifies against")
@click.option("--engagement", type=click.Path(path_type=Path), help="whose open breach cases may hold the bundle")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    bundle: Path,
    out: Path | None,
    everything: bool,
    fields: tuple[str, ...],
    tokens: tuple[str, ...],
    from_stdin: bool,
    trust: Path | None,
    engagement: Path | None,
    form: str,
) -> None:
    """Write a copy of BUNDLE without the chosen personal values; BUNDLE stays as it is.

    A value is deleted wherever it stands, so --field also takes it from other fields. Prints the copy and how many
    values of each field remain; without a choice, what BUNDLE discloses. BUNDLE and every other copy still hold what
    was deleted here. Exit 4 for a bundle that does not verify with --trust, and for one that an open breach case rests
    on, in the engagement it lies in or in --engagement.
    """
    from evidence.redact import personal, redact  # noqa: PLC0415 - `--help` reads no bundle

    if trust is None:
        click.echo("not verified: without --trust nobody has checked what is being copied", err=True)
    _verify(bundle, trust)
    found = personal(bundle)
    values = _values() if from_stdin else frozenset()
    if not (everything or fields or tokens or from_stdin):
        if out is not None:
            raise _usage("--out", "nothing is chosen to be deleted", "--all, --field, --token or --value-from-stdin")
        _write(None, found, form)
        return
    _refuse_held(bundle, engagement)
    if out is None:
        raise _usage("--out", "is missing", "name the file to write; BUNDLE itself is never changed")
    _refuse_unknown(found, fields, tokens, values)
    left = redact(
        bundle,
        out,
        lambda d, at: not (everything or d.token in tokens or d.value in values or set(at) & set(fields)),
    )
    try:
        _verify(out, trust)
    except VerificationError:
        out.unlink(missing_ok=True)  # BUNDLE was changed meanwhile
        raise
    _write(out, left, form)


def _verify(bundle: Path, trust: Path | None) -> None:
    from flows.cli.verified import verified_content  # noqa: PLC0415

    if trust is not None:
        verified_content(bundle, trust)


def _refuse_held(bundle: Path, named: Path | None) -> None:
    """Refuse what an open case holds: of the engagement that is named, and of those in the folders above the bundle."""
    above = dict.fromkeys((*bundle.absolute().parents[:LEVELS], *bundle.resolve().parents[:LEVELS]))
    found = [folder for folder in above if (folder / ".probity" / "cases").is_dir()]
    for folder in dict.fromkeys([*found, *([] if named is None else [named])]):
        from flows.engagement import open_engagement  # noqa: PLC0415 - a bundle alone needs none of it
        from flows.holding import refuse_held_bundle  # noqa: PLC0415
        from infra import settings  # noqa: PLC0415

        refuse_held_bundle(open_engagement(folder, settings.variable), bundle)


def _values() -> frozenset[str]:
    """Read values, one a line, into the form in which tables hold text: NFC, single spaces, none around it."""
    text = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(text) > MAX_STDIN:
        raise _usage("--value-from-stdin", f"more than {MAX_STDIN} bytes", "use --field or --all")
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _usage("--value-from-stdin", "not UTF-8", "") from None
    return frozenset(" ".join(unicodedata.normalize("NFC", line).split()) for line in lines if line.strip())


def _refuse_unknown(found: Personal, fields: tuple[str, ...], tokens: tuple[str, ...], values: frozenset[str]) -> None:
    """Refuse what is not disclosed: a mistyped name must not look as if somebody had been forgotten."""
    known = {d.token: d.value for d in found.disclosures}
    listed = found.by_field()
    problems = [
        *(("--field", f"{name!r} is not disclosed") for name in fields if name not in listed),
        *(("--token", f"{token!r} is not disclosed") for token in tokens if token not in known),
    ]
    if missing := len(values - set(known.values())):
        problems.append(("--value-from-stdin", f"{missing} of {len(values)} values are not disclosed"))
    if problems:
        hint = f"disclosed fields: {', '.join(listed) or 'none'}"
        raise BadInput(*(Problem("V004", message, Place(where), hint) for where, message in problems))


def _write(out: Path | None, left: Personal, form: str) -> None:
    counts = left.by_field()
    if form == "json":
        remaining = {name: {"disclosed": there, "sealed": total} for name, (there, total) in counts.items()}
        shown = {"schema": "probity.redact/v1", "bundle": str(out) if out else None, "fields": remaining}
        click.echo(json.dumps(shown, indent=2))
        return
    if out is not None:
        click.echo(str(out))
    for name, (there, total) in counts.items():
        click.echo(f"{name}: {there} of {total} values disclosed")
    if not counts:
        click.echo("no personal values are disclosed")


def _usage(where: str, message: str, hint: str) -> BadInput:
    return BadInput(Problem("V004", message, Place(where), hint))
