"""The facts of one notice, as they are said in it; what is asked for and not known says so, and is listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from checks.notices.plain import plain
from checks.notices.template import catalogue
from evidence.errors import BadInput, Place, Problem
from evidence.model import instant_text


@dataclass(slots=True)
class Sheet:
    """Facts by name, as of an instant; `unknown` gathers what a notice asked for in vain, in that order."""

    facts: Mapping[str, str]
    as_of: datetime
    unknown: list[str] = field(default_factory=list)

    def say(self, name: str) -> str:
        """Return a line with what a fact is called and what is known of it."""
        return f"{self.label(name)}: {self.fact(name)}"

    def fact(self, name: str) -> str:
        """Return what is known of a fact, further lines of it indented: no value can look like another line."""
        self.label(name)
        stated = self.facts.get(name)
        return self.missing(name) if stated is None else indented(stated)

    def known(self, name: str) -> bool:
        """Return whether a fact is known."""
        self.label(name)
        return name in self.facts

    def missing(self, name: str) -> str:
        """Note that something is not known, and return how a notice says so."""
        if name not in self.unknown:
            self.unknown.append(name)
        return f"not yet known (as of {instant_text(self.as_of.replace(microsecond=0))})"

    def label(self, name: str) -> str:
        """Return what a fact is called in notices; of a form's field its number. `BadInput` for neither."""
        if name.startswith("dora-"):
            return f"field {name.removeprefix('dora-')}"
        label = catalogue().get(name)
        if label is None:
            raise BadInput(Problem("B024", f"states {name!r}, which is no fact", Place("template")))
        return label


def indented(text: str) -> str:
    """Return a text in plain characters whose further lines are indented."""
    return plain(text).strip().replace("\n", "\n    ")
