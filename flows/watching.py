"""Watches over the ledger between runs: it is one history, and its head is signed and witnessed."""

from __future__ import annotations

from evidence.errors import NotLogged
from evidence.ledger import Appended
from evidence.ledger_audit import examine
from flows.due import ledger_of
from flows.engagement import Engagement


def cosign(engagement: Engagement) -> int:
    """Return the size of the ledger after its head was signed; NotLogged unless it is one history, whole and signed.

    A run that died between writing a leaf and having it signed leaves a leaf that nobody vouches for until the next.
    """
    ledger = ledger_of(engagement)
    leaves = ledger.leaves()
    if leaves:
        ledger.prove(Appended(len(leaves) - 1, leaves[-1]))
    examined = examine(ledger.shelf, ledger.key, ledger.witness_key)
    if examined.history.size < len(leaves):
        raise NotLogged("LEDGER_ROLLED_BACK", f"the ledger had {len(leaves)} leaves and now has fewer")
    return examined.history.size
