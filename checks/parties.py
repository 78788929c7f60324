"""`vendor: {name: Example AI, PBC}`: a legal name with a comma, as people write it, is read as one name."""

from __future__ import annotations

from dataclasses import replace

from checks.codes import Code
from checks.yaml12 import Document
from evidence.errors import Problem

PARTIES = ("customer", "vendor")


def rejoin_party_names(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """Return the document with party names whole again, and a warning for each that needs quotes.

    In a flow mapping YAML ends a plain text at a comma, so that the rest of the name becomes a key to which nobody
    wrote a value. Such keys are the continuation of the name if they stand directly behind it. A key with a value,
    an explicit `null` included, is never taken for a name.
    """
    data = dict(document.data)
    warnings = []
    for party in PARTIES:
        tail = _tail(document, party)
        if tail:
            whole = ", ".join([data[party]["name"], *tail])
            data[party] = {key: value for key, value in data[party].items() if key not in tail} | {"name": whole}
            place = document.place((party, "name"))
            hint = f'put it in quotes: name: "{whole}"'
            warnings.append(Problem(Code.UNQUOTED_COMMA, f"read as one name: {whole}", place, hint, warning=True))
    return replace(document, data=data), tuple(warnings)


def _tail(document: Document, party: str) -> list[str]:
    written = document.data.get(party)
    if not isinstance(written, dict) or not isinstance(written.get("name"), str):
        return []
    keys = list(written)
    tail: list[str] = []
    for key in keys[keys.index("name") + 1 :]:
        if (party, key) not in document.unwritten or key == "lei":
            break
        tail.append(key)
    return tail
