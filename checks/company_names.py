"""What is the same company under another name: a group's members bear the same words before their legal form."""

from __future__ import annotations

import re

#: What a company's legal form adds to its name.
LEGAL_FORMS = frozenset(
    {
        "ab",
        "ag",
        "aps",
        "as",
        "asa",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "eurl",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "kk",
        "limited",
        "llc",
        "llp",
        "lp",
        "ltd",
        "nv",
        "oy",
        "oyj",
        "pbc",
        "plc",
        "pte",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
        "sro",
        "ulc",
    }
)


def spellings(company: str) -> tuple[str, ...]:
    """Return the company's name without and with each legal form, in lower case and without commas and full stops."""
    cores = sorted({core_name(company), core_name(company.replace(",", "").replace(".", ""))})
    return tuple(spelt for core in cores for spelt in (core, *(f"{core} {form}" for form in sorted(LEGAL_FORMS))))


def core_name(company: str) -> str:
    """Return a company's name in lower case without its legal form, by which its group's other names can be told.

    Commas and full stops are spaces, and a legal form may be spelt with them: S.A.
    """
    words = re.split(r"[\s,.]+", company.casefold().strip(" ,."))
    while form := next((n for n in (1, 2, 3) if len(words) > n and "".join(words[-n:]) in LEGAL_FORMS), 0):
        del words[-form:]
    return " ".join(words)
