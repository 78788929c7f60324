"""What documents say, as conditions on their texts: status, opinion, and the lists of services and assertions."""

from __future__ import annotations

from collections.abc import Sequence

from checks import sql

GOOD_OPINION = "unqualified"
BAD_OPINIONS = ("qualified", "adverse", "disclaimer")
GOOD_STATUS = ("active", "current", "final", "issued", "valid")
BAD_STATUS = ("cancelled", "canceled", "refused", "revoked", "suspended", "suspension", "terminated", "withdrawn")
#: Of these a certificate says itself that they happened, whatever other documents there are.
SUSPENDED = ("suspended", "suspension")
#: A status outside these words is not understood, and a document that has one cannot be relied on.
KNOWN_STATUS = (*GOOD_STATUS, *BAD_STATUS, "expired")

#: What makes a document count at all, whatever it says: its file is the one described, and its signature verified.
TRUSTED = "file_state = 'match' AND signature = 'valid'"


def contains_all(column: str, wanted: Sequence[str]) -> str:
    """Return the condition that a list column holds every wanted text, without regard to case."""
    return " AND ".join(_contains(column, w) for w in wanted) or "1 = 1"


def _contains(column: str, wanted: str) -> str:
    return f"list_contains(list_transform({column}, lambda x: lower(x)), lower({sql.text(sql.tidy(wanted))}))"


def empty(column: str) -> str:
    """Return the condition that a list column names nothing."""
    return f"coalesce(len({column}), 0) = 0"


def offers(services: Sequence[str]) -> str:
    """Return the condition that a document names every contracted service; one that names none says nothing."""
    return f"({empty('services')} OR ({contains_all('services', services)}))"


def speaks_of(services: Sequence[str]) -> str:
    """Return the condition that a document names a contracted service; one that names none says nothing."""
    return f"({empty('services')} OR {' OR '.join(_contains('services', s) for s in services)})"


def leaves_out(services: Sequence[str]) -> str:
    """Return the condition that a contracted service is among what a document carves out."""
    return "coalesce(" + (" OR ".join(_contains("carve_outs", s) for s in services) or "1 = 0") + ", false)"


def opinion_stands(services: Sequence[str], *assertions: str) -> str:
    """Return the condition that no bad opinion on this subject is stated; one on something else is none of ours."""
    about = " OR ".join([empty("assertions"), *(_contains("assertions", a) for a in assertions)])
    elsewhere = f" OR NOT ({about})" if assertions else ""
    return f"(coalesce(opinion NOT IN {sql.texts(BAD_OPINIONS)}, true) OR NOT {speaks_of(services)}{elsewhere})"


def unstated() -> str:
    """Return the condition that something every document must state is missing or could not be read."""
    needed = (
        "document_id",
        "kind",
        "holder_entity",
        "issuer",
        "services",
        "issued_on",
        "file",
        "file_sha256",
        "received_at",
        "signature",
    )
    early = f"issued_on * {sql.DAY} > received_at + {sql.DAY}"  # a day of grace for the zone the date was written in
    return "(" + " OR ".join([sql.defective(), early, *(f"{name} IS NULL" for name in needed)]) + ")"
