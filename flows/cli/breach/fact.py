"""`probity breach fact`: what the notices state, collected once for all of them."""

from __future__ import annotations

from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import acting, by_person, formatted, on_case, stated

MAX_FILE = 1024 * 1024


@click.command()
@on_case
@click.argument("facts", nargs=-1, metavar="[NAME=TEXT]...")
@click.option("--file", "file", type=click.Path(path_type=Path), help="YAML file with names and texts")
@by_person
@formatted
def command(engagement: Path, case: str, facts: tuple[str, ...], file: Path | None, who: str | None, form: str) -> None:
    """State facts, such as nature="prompts kept for 25 hours"; fields of the DORA form as dora-2.5="data losses".

    A later text takes the place of an earlier one, and an empty one says that it is not known after all. Drafts do not
    change by that: draft them again. `probity breach templates` lists the names.
    """
    from checks.cases.entry import FactsStated  # noqa: PLC0415 - `--help` opens nothing
    from checks.notices.template import check_facts  # noqa: PLC0415
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    values = _of_file(file) if file is not None else {}
    for text in facts:
        name, given, value = text.partition("=")
        if not given:
            raise BadInput(Problem("B025", f"{text[:60]!r} is no fact", Place("FACT"), "write NAME=TEXT"))
        values[name] = value
    if not values:
        raise BadInput(Problem("B025", "no fact is stated", Place("FACT"), "write NAME=TEXT, or give --file"))
    check_facts(values)
    echo(record(at.engagement, case, stated(FactsStated, values=values), at.now, at.who), at.now, form)


def _of_file(path: Path) -> dict[str, str]:
    from checks.yaml12 import read_yaml  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as cause:
        raise BadInput(Problem("B025", f"cannot be read ({cause.strerror})", Place(str(path)))) from None
    if len(raw) > MAX_FILE:
        raise BadInput(Problem("B025", f"is larger than {MAX_FILE} bytes", Place(str(path))))
    document = read_yaml(raw, str(path))
    if document.problems:
        raise BadInput(*document.problems)
    if not isinstance(document.data, dict) or not all(isinstance(v, str | int) for v in document.data.values()):
        raise BadInput(
            Problem("B025", "is no list of names and texts", Place(str(path)), "write nature: what happened")
        )
    return {str(name): str(value) for name, value in document.data.items()}
