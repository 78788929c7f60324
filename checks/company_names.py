"""What is the same company under another name: a group's members bear the same words before their legal form."""

from __future__ import annotations

import re

#: What a company's legal form adds to its name.
LEGAL_FORMS = frozenset(
    {"ag", "bv", "co", "corp", "gmbh", "inc", "kg", "limited", "llc", "ltd", "nv", "pbc", "plc", "sa", "se", "srl"}
)


def spellings(company: str) -> tuple[str, ...]:
    """Return the company's name without and with each legal form, in lower case and without commas and full stops."""
    core = core_name(company)
    return (core, *(f"{core} {form}" for form in sorted(LEGAL_FORMS)))


def core_name(company: str) -> str:
    """Return a company's name in lower case without its legal form, by which its group's other names can be told."""
    words = re.split(r"[\s,.]+", company.casefold().strip(" ,."))
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words)
