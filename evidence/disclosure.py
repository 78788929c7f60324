"""Salted tokens of personal values, and disclosures: lines that open a token again, for as long as they are kept.

A sealed table holds `token:<hex>` in the place of a personal value. The token is the SHA-256 of a line

    {"domain":"probity.disclosure/v1","salt":"<32 hex digits>","value":"<the value>"}

in canonical JSON (RFC 8785), with its line feed. Whoever has the salt of one value can check that value, and nobody
without it can guess. A disclosure is such a salt with its value; it lies outside the manifests, so that deleting it
leaves every seal valid. Which tokens were disclosed when the bundle was sealed is itself sealed, in a list.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.canonical import canonical_bytes
from evidence.errors import BrokenDisclosure, OutputFailed
from evidence.layout import DISCLOSURES
from evidence.manifest import PERSONAL

DOMAIN = "probity.disclosure/v1"
SALT_BYTES = 16  # of every value, so that a guess at one value takes 2**128 trials
TOKEN = r"token:[0-9a-f]{64}"  # noqa: S105 - a pattern, not a password
MAX_VALUE_CHARACTERS = 1024  # nobody is called more than that
MAX_DISCLOSURES = 250_000
MAX_DISCLOSURE_BYTES = 64 * 1024 * 1024
#: Of strings, this is the form of RFC 8785, and much faster than what writes any JSON.
_as_string = json.JSONEncoder(ensure_ascii=False).encode

# A JSON string as RFC 8785 section 3.2.2.2 writes it: one spelling for every value.
_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))+"'
_LINE = re.compile(rf'\{{"salt":"([0-9a-f]{{32}})","token":"({TOKEN})","value":({_STRING})\}}')
_FIELD = r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*"
_LISTED = re.compile(rf"({TOKEN})  ({_FIELD}(?:,{_FIELD})*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A personal value with the salt that ties it to its token."""

    token: str
    salt: str
    value: str

    def line(self) -> bytes:
        """Return the line of `disclosures/personal.jsonl`, canonical JSON (RFC 8785) with its line feed."""
        return canonical_bytes({"salt": self.salt, "token": self.token, "value": self.value}) + b"\n"


def token_of(salt: str, value: str) -> str:
    """Return the token of a value under a salt of 32 hexadecimal digits."""
    return _token(salt, _as_string(value))


def _token(salt: str, string: str) -> str:
    hashed = f'{{"domain":"{DOMAIN}","salt":"{salt}","value":{string}}}\n'
    return "token:" + hashlib.sha256(hashed.encode()).hexdigest()


class Tokens:
    """Makes tokens: of one secret, the same for the same value, in every table and run of an engagement.

    The salt of a value is HMAC-SHA-256 of it under the secret, cut to 128 bits: one salt per value, which says nothing
    of any other, and can be told again for as long as the secret is kept.
    """

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, b"probity.salt/v1\n", "sha256")  # a copy costs half of keying it again

    def __call__(self, value: str) -> str:
        """Return the token that stands for a personal value."""
        return token_of(self._salt(value), value)

    def open(self, value: str) -> Disclosure:
        """Return what discloses a value."""
        return Disclosure(self(value), self._salt(value), value)

    def _salt(self, value: str) -> str:
        code = self._keyed.copy()
        code.update(value.encode())
        return code.digest()[:SALT_BYTES].hex()


@dataclass(slots=True)
class Register:
    """The values of the `fields` (`family.column`) to be disclosed, collected in memory while they are gathered."""

    tokens: Tokens
    fields: frozenset[str]
    _values: dict[str, str] = field(default_factory=dict, init=False)

    def note(self, name: str, values: Iterable[str]) -> None:
        """Remember values of a field, if it is one to be disclosed."""
        if name in self.fields:
            for value in values:
                self._values[self.tokens(value)] = value
            if len(self._values) > MAX_DISCLOSURES:
                raise OutputFailed(f"more than {MAX_DISCLOSURES} values are to be disclosed; disclose fewer fields")

    def disclosures(self, sealed: Iterable[str]) -> tuple[Disclosure, ...]:
        """Return the disclosures of those sealed tokens whose values were noted, in the order of the tokens."""
        known = sorted(self._values.keys() & set(sealed))
        return tuple(self.tokens.open(self._values[token]) for token in known)


def render(disclosures: Sequence[Disclosure]) -> bytes:
    """Return `disclosures/personal.jsonl`: a line each, in the order of their tokens; OutputFailed above the limits."""
    data = b"".join(d.line() for d in sorted(disclosures, key=lambda d: d.token))
    if len(disclosures) > MAX_DISCLOSURES or len(data) > MAX_DISCLOSURE_BYTES:
        raise OutputFailed(f"{len(disclosures)} disclosures, {len(data)} bytes, exceed the limits of a bundle")
    return data


def parse(data: bytes) -> tuple[Disclosure, ...]:
    """Read `disclosures/personal.jsonl`; BrokenDisclosure unless it is exactly what `render` writes.

    No value is compared with its token yet: see `check`. No message repeats what a line says.
    """
    found: list[Disclosure] = []
    for number, line in enumerate(_lines(data, DISCLOSURES, "DISCLOSURE_FORM"), start=1):
        match = _LINE.fullmatch(line)
        value = json.loads(match[3]) if match else ""
        if match is None or len(value) > MAX_VALUE_CHARACTERS or (found and found[-1].token >= match[2]):
            what = 'not {"salt":…,"token":…,"value":…}, or not after the token before it'
            raise BrokenDisclosure("DISCLOSURE_FORM", f"{DISCLOSURES} line {number}: {what}")
        found.append(Disclosure(match[2], match[1], value))
    return tuple(found)


def check(disclosures: Iterable[Disclosure], listed: Mapping[str, tuple[str, ...]]) -> None:
    """Compare disclosures with the sealed list; BrokenDisclosure names the first that was not sealed or does not match.

    1. its token is one that was sealed as disclosed; 2. its salt and value have that token.
    """
    for number, found in enumerate(disclosures, start=1):
        if found.token not in listed:  # 1
            raise BrokenDisclosure("DISCLOSURE_UNKNOWN", f"{DISCLOSURES} line {number}: not a token of {PERSONAL}")
        if token_of(found.salt, found.value) != found.token:  # 2
            detail = f"{DISCLOSURES} line {number}: salt and value are not those of the sealed token"
            raise BrokenDisclosure("DISCLOSURE_FORGED", detail)


def render_list(fields: Mapping[str, Iterable[str]]) -> bytes:
    """Return the sealed list: `<token>  <field>[,<field>…]` a line, in the order of the tokens."""
    lines = (f"{token}  {','.join(sorted(set(names)))}\n" for token, names in sorted(fields.items()))
    return "".join(lines).encode("ascii")


def parse_list(data: bytes) -> dict[str, tuple[str, ...]]:
    """Return token → fields of the sealed list; BrokenDisclosure unless it is exactly what `render_list` writes."""
    listed: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_lines(data, PERSONAL, "DISCLOSURE_LIST"), start=1):
        match = _LISTED.fullmatch(line)
        if match is None:
            raise BrokenDisclosure("DISCLOSURE_LIST", f"{PERSONAL} line {number}: not '<token>  <field>,…'")
        listed[match[1]] = tuple(match[2].split(","))
    if render_list(listed) != data or len(listed) > MAX_DISCLOSURES:
        raise BrokenDisclosure("DISCLOSURE_LIST", f"{PERSONAL}: unsorted, repeated, or too long")
    return listed


def _lines(data: bytes, member: str, reason: str) -> Iterator[str]:
    try:
        *lines, rest = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as cause:
        raise BrokenDisclosure(reason, f"{member}: not UTF-8") from cause
    if rest or not lines:
        raise BrokenDisclosure(reason, f"{member}: empty, or not ended by a line feed")
    yield from lines
