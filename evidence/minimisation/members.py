"""What each member of a bundle may hold, with the reason; whatever no rule names may hold nothing of any kind.

A personal value that stands where it may is known to every reader of the bundle, and is let pass elsewhere as well.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from evidence.canonical import MAX_JSON_BYTES, strict_json
from evidence.container import chunks_of
from evidence.errors import OutputFailed, Unminimised
from evidence.layout import DISCLOSURES
from evidence.minimisation.columns import ENOUGH, IDENTIFIER, Place, Search
from evidence.minimisation.kinds import PERSONAL, Group, Kind
from evidence.minimisation.tables import search_table


class Rule(NamedTuple):
    """Kinds that may stand in members of a name, below a path of their JSON; `*` is any."""

    member: str
    path: str
    may: frozenset[Kind]


RULES = (
    # Who accepted a risk is named on purpose: an exception without an approver is worth nothing.
    Rule("data/contract/waivers.json", "[].author", PERSONAL),
    Rule("data/contract/waivers.json", "[].approver", PERSONAL),
    Rule("data/contract/waivers.json", "*", frozenset()),
    # A contract names parties, contacts and addresses for notices, and is sealed as it was agreed.
    Rule("data/contract/*", "*", PERSONAL),
    # Addresses of machines that were asked, and under which account: the extraction must be repeatable.
    Rule("data/evidence/cards.json", "[].address", frozenset({Kind.IP})),
    Rule("data/evidence/cards.json", "[].identity", frozenset({Kind.IP, Kind.USER})),
    Rule("data/method/audit.json", "*", frozenset({Kind.IP})),
    # Versions of four numbers look like addresses.
    Rule("data/method/method.json", "*", frozenset({Kind.IP})),
    # What is disclosed is personal; it must still be a name, and no secret.
    Rule(DISCLOSURES, "value", PERSONAL),
)
#: Written from findings and cards that are searched themselves; its text is compressed.
DERIVED = ("data/report.pdf",)
#: Names under which APIs carry prompts and answers. A contract has such words among its terms.
BODY_KEYS = frozenset(
    {
        *("prompt", "prompts", "messages", "completion", "completions", "inputtext", "outputtext", "inputbody"),
        *("outputbody", "inputbodyjson", "outputbodyjson", "requestbody", "responsebody", "transcript"),
    }
)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.:$-]{1,64}", re.ASCII)
_HINTS = {
    Group.CONTENT: "prompts and outputs never enter a bundle: map the column to an identifier where it is exported",
    Group.SECRET: "revoke it, then remove it from the evidence or the configuration",
    Group.PERSONAL: "leave it out where it is exported, or list its column under personal.keep in audit.yaml",
}


def check(members: Mapping[str, bytes | Path], keep: frozenset[str] = frozenset()) -> None:
    """Look through everything that is to be sealed; Unminimised names each place and kind, and never a value.

    `members` are the payload under its names in the bundle, and the disclosures. `keep` are fields (`family.column`)
    whose personal values may stay as they are. Nothing is changed: what is sealed is what was judged, or nothing.
    """
    search = Search()
    for name in sorted(members, key=lambda n: (not n.startswith("data/contract/"), n)):
        _search(search, name, members[name], keep)
    if search.found:
        raise Unminimised("\n".join(_said(search)))


def _said(search: Search) -> Iterator[str]:
    yield "nothing was sealed: the bundle would hold what no bundle may hold"
    for (place, kind), rows in sorted(search.found.items()):
        many = f"{rows:,} rows" if rows < ENOUGH else f"{rows:,} rows or more"
        yield f"  {place}: {kind} in {'1 row' if rows == 1 else many}"
    for group in Group:
        if any(kind.group is group for _, kind in search.found):
            yield f"   = {_HINTS[group]}"


def _search(search: Search, name: str, source: bytes | Path, keep: frozenset[str]) -> None:
    suffix = name.rpartition(".")[2]
    if suffix == "parquet":
        search_table(search, name, source, keep)
    elif suffix == "json":
        _search_json(search, name, [_whole(name, source)])
    elif suffix == "jsonl":
        _search_json(search, name, _whole(name, source).split(b"\n")[:-1])
    elif suffix in {"yaml", "md", "csv", "txt", "html", "sql"}:
        search.texts(Place(name), _lines(suffix, _whole(name, source)), _may(name, ""))
    elif name not in DERIVED:
        search.note(Place(name), Kind.FILE)


def _may(name: str, path: str) -> frozenset[Kind]:
    for rule in RULES:
        if fnmatchcase(name, rule.member) and (rule.path in {"*", path}):
            return rule.may
    return frozenset()


def _whole(name: str, source: bytes | Path) -> bytes:
    data = source if isinstance(source, bytes) else b"".join(chunks_of(source))
    if len(data) > MAX_JSON_BYTES:
        raise OutputFailed(f"{name}: {len(data)} bytes exceed the limit of {MAX_JSON_BYTES}")
    return data


def _lines(suffix: str, data: bytes) -> Iterator[str]:
    """Yield what of a text was not written by us: the literals of a query, the lines of everything else."""
    text = data.decode("utf-8", "replace")
    if suffix == "sql":
        yield from (match[1].replace("''", "'") for match in _LITERAL.finditer(text))
        return
    yield from (html.unescape(text) if suffix == "html" else text).splitlines()


def _search_json(search: Search, name: str, values: Iterable[bytes]) -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    for value in values:
        for path, text in _walk(strict_json(value, what=name, error=OutputFailed), ""):
            texts[path].append(text)
    for path, found in texts.items():
        place = Place(name, path)
        search.texts(place, found, _may(name, path), IDENTIFIER if name == DISCLOSURES else None)
        if _is_body(path) and not name.startswith("data/contract/"):
            search.note(place, Kind.BODY, len(found))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text with its path; items of a list share one, and so do keys that are not names."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, f"{path}[]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            step = key if _PLAIN_KEY.fullmatch(key) else "*"
            yield from _walk(item, f"{path}.{step}" if path else step)


def _is_body(path: str) -> bool:
    steps = path.lower().replace("[]", "").replace("_", "").replace("-", "").split(".")
    return not BODY_KEYS.isdisjoint(steps)
