"""Templates of notices: one TOML file each, ours or counsel's own, that says which facts a notice must have."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from checks.cases.case import OWED_TO_US
from checks.clocks.rule import rules
from checks.notices.plain import is_plain
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

MAX_TEMPLATE_BYTES = 256 * 1024
MAX_FACT = 10_000
SUFFIX = ".toml"
PARTNERS = frozenset({"vendor", "customer"})


class Template(Closed):
    """One notice: its text is sandboxed Jinja.

    `delivery` is `outbox` for partners of the contract, and `statement` where a person submits it and says so: nothing
    is ever filed with an authority, sent to data subjects or published by the program. `required` are facts that the
    notice must have; one that is not known is printed as such and listed. `form` has fields of its own.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    law: str
    recipient: Literal["authority", "data-subjects", "individuals", "public", "vendor", "customer"]
    delivery: Literal["outbox", "statement"]
    required: tuple[str, ...]
    required_if_late: tuple[str, ...] = ()
    form: Literal["dora"] | None = None
    phase: Literal["initial", "intermediate", "final"] | None = None
    body: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _only_partners_are_sent_to(self) -> Self:
        if self.delivery == "outbox" and (self.recipient not in PARTNERS or self.rule not in {None, OWED_TO_US}):
            raise ValueError("only what a contract asks for is sent, to vendor or customer; a person submits the rest")
        return self

    @property
    def rule(self) -> str | None:
        """Return the rule whose clock it stops: the one of its name, if there is one."""
        return self.id if self.id in rules() else None


@cache
def catalogue() -> Mapping[str, str]:
    """Return every fact that a notice may state, with what it is called there."""
    found: dict[str, str] = tomllib.loads(resources.files("checks.notices").joinpath("facts.toml").read_text("utf-8"))
    return found


def templates(own: Path | None = None) -> dict[str, Template]:
    """Return every template by name; a file in the folder `own` takes the place of ours of the same name."""
    shipped = resources.files("checks.notices").joinpath("templates")
    found = dict(_read(file.name, file.read_bytes()) for file in shipped.iterdir() if file.name.endswith(SUFFIX))
    return dict(sorted((found | dict(_own(own))).items()))


def template_named(name: str, own: Path | None = None) -> Template:
    """Return one template; `BadInput` names those there are."""
    found = templates(own)
    if name not in found:
        raise BadInput(Problem("B024", f"there is no template {name[:60]!r}", Place("TEMPLATE"), ", ".join(found)))
    return found[name]


def check_facts(given: Mapping[str, str]) -> None:
    """Raise `BadInput` for facts that no notice states, and for text that would break a notice's lines."""
    problems = [
        Problem("B025", f"there is no fact {name[:60]!r}", Place("FACT"), "`probity breach templates` lists facts")
        for name in given
        if name not in catalogue() and not name.startswith("dora-")
    ]
    problems += [
        Problem("B025", f"{name}: longer than {MAX_FACT} characters, or not plain text", Place("FACT"))
        for name, text in given.items()
        if len(text) > MAX_FACT or not is_plain(text)
    ]
    if problems:
        raise BadInput(*problems)


def _own(folder: Path | None) -> Iterator[tuple[str, Template]]:
    if folder is None:
        return
    if not folder.is_dir():
        raise BadInput(Problem("B024", "there is no such folder of templates", Place(str(folder))))
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with path.open("rb") as file:
            yield _read(str(path), file.read(MAX_TEMPLATE_BYTES + 1))


def _read(name: str, data: bytes) -> tuple[str, Template]:
    stem = Path(name).name.removesuffix(SUFFIX)
    try:
        if len(data) > MAX_TEMPLATE_BYTES:
            raise ValueError(f"longer than {MAX_TEMPLATE_BYTES} bytes")
        stated = tomllib.loads(data.decode("utf-8")) | {"id": stem}
        template = Template.model_validate(stated)
    except ValidationError as cause:
        first = cause.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(Problem("B024", f"{where}: {first['msg']}", Place(name))) from None
    except ValueError as cause:
        raise BadInput(Problem("B024", f"is no template: {cause}", Place(name))) from None
    if unknown := sorted({*template.required, *template.required_if_late} - set(catalogue())):
        raise BadInput(Problem("B024", f"requires {unknown[0]!r}, which is no fact", Place(name)))
    return stem, template
