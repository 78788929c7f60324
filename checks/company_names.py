"""What is the same company under another name: a group's members bear the same words before their legal form."""

from __future__ import annotations

import re

#: What stands between the words of a name besides spaces.
MARKS = ",./()&-_+"
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
        "ltda",
        "nv",
        "oy",
        "oyj",
        "pbc",
        "plc",
        "private",
        "pte",
        "pty",
        "pvt",
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

#: Legal forms of several words, marks left out.
COMPOUND = ("a s", "co kg", "co limited", "co ltd", "gmbh co kg", "private limited", "pte ltd", "pty ltd", "pvt ltd")


def spellings(company: str) -> tuple[str, ...]:
    """Return the company's name as it is, without and with each legal form, in lower case.

    Full stops and commas are left out and other marks between words are spaces; a legal form may be of several words
    that stand in no list.
    """
    bare = company.replace(",", "").replace(".", "")
    core = core_name(bare)
    return (core, " ".join(_words(bare)), *(f"{core} {form}" for form in sorted({*LEGAL_FORMS, *COMPOUND})))


def core_name(company: str) -> str:
    """Return a company's name in lower case without its legal form, by which its group's other names can be told.

    Marks between words are spaces, and a legal form may be spelt with them: S.A., A/S.
    """
    words = _words(company)
    while form := next((n for n in (4, 3, 2, 1) if len(words) > n and "".join(words[-n:]) in LEGAL_FORMS), 0):
        del words[-form:]
    return " ".join(words)


def _words(company: str) -> list[str]:
    return re.split(r"[\s" + re.escape(MARKS) + "]+", company.lower().strip(" " + MARKS))
