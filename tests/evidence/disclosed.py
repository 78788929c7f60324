"""Bundles that disclose personal values, with a fixed secret."""

from __future__ import annotations

from pathlib import Path

from evidence import disclosure, manifest
from evidence.bundle import seal_bundle
from evidence.disclosure import Disclosure, Tokens
from evidence.sealing import Disclosed, DsseSeal, Sealing
from tests.evidence import sealed

TOKENS = Tokens(bytes(32))
#: Values that a careless reader or writer of JSON, of lines or of shell would trip over.
VALUES = (
    "jane.doe@bank.example",
    "arn:aws:iam::123456789012:user/Ada",
    'O\'Hara "Bob" \\ $(id) `id`\ttab\nline',
    "Zoë Ångström\u2028\x7f\x01",
    "-n",
    '","token":"token:',
)
FIELDS = ("approvals.approver", "audit_log.actor")


def fields() -> dict[str, tuple[str, ...]]:
    """Return the field or fields of every token: the first value is in both."""
    return {TOKENS(value): FIELDS if i == 0 else FIELDS[1:] for i, value in enumerate(VALUES)}


def disclosures() -> tuple[Disclosure, ...]:
    return tuple(sorted((TOKENS.open(value) for value in VALUES), key=lambda d: d.token))


def payload() -> dict[str, bytes | Path]:
    return sealed.payload() | {manifest.PERSONAL.removeprefix(manifest.DATA): disclosure.render_list(fields())}


def sealing() -> Sealing:
    steps = (DsseSeal((sealed.SIGNER,)), Disclosed(disclosure.render(disclosures())))
    return Sealing(steps=steps, trust=sealed.trust(), now=lambda: sealed.AS_OF)


def seal(out: Path) -> Path:
    return seal_bundle(out, payload(), sealed.facts(), sealing())
