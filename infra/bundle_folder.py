"""Sealed bundles of earlier audits into rows: what came of verifying each, and where it belongs in the chain."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.canonical import sha256_hex
from evidence.errors import VerificationError
from evidence.families import family
from evidence.locker import Stored
from evidence.model import instant_text
from evidence.statement import encode
from evidence.trust import Trust, load_trust
from evidence.verification import Verification, VerifiedContent
from evidence.verify import verify
from infra.folder import Folder
from infra.listing import Entry
from infra.rows import Rows
from infra.source import Gathering, Source
from infra.tally import Tally

NAME = "bundle_verifications"
MEDIA_TYPE = "application/zip"
TAG_MANIFEST = "tagmanifest-sha256.txt"


def gather_bundles(source: Source, configured: str, anchors: Path, gathering: Gathering) -> None:
    """Store and verify every `.zip` of a folder against one trust folder, as a reader at the audit's instant would.

    A bundle that does not verify is a row as well: what it says of itself is then not believed and stays null.
    """
    trust = load_trust(anchors)
    folder = Folder(gathering, source, configured)
    with gathering.part(NAME) as part, gathering.normaliser(NAME, source.kind) as normaliser:
        read = False
        for done, entry in enumerate(folder.entries, start=1):
            if entry.name.endswith(".zip"):
                rows = _gather(folder, entry, trust)
                if rows is not None:
                    part.add(normaliser.typed(rows.take()))
                    read = True
            else:
                folder.skip(entry.name, "not called .zip")
            gathering.progress(source.kind, done, len(folder.entries))
        if read:
            gathering.keep_part(NAME, part)
    folder.finish()


def _gather(folder: Folder, entry: Entry, trust: Trust) -> Rows | None:
    gathering = folder.gathering
    started = gathering.now()
    stored = folder.store(entry, limit=gathering.limits.artefact, families=(NAME,))
    if stored is None:
        return None
    tally = Tally(entry.name, gathering.limits)
    rows = Rows(family(NAME))
    rows.add(_row(gathering, entry.name, stored, trust), artefact=stored.artefact, row=0)
    tally.rows += 1
    gathering.add_card(
        folder.source,
        stored,
        tally,
        started=started,
        address=folder.address(entry.name),
        media_type=MEDIA_TYPE,
        families=(NAME,),
    )
    return rows


def _row(gathering: Gathering, name: str, stored: Stored, trust: Trust) -> dict[str, Any]:
    at: datetime = gathering.instant
    # The stored copy is what is verified: the delivered file may change meanwhile.
    verification = verify(gathering.locker.path(stored.sha256), trust, at=at)
    row: dict[str, Any] = {
        "bundle": name,
        "verified_at": instant_text(at),
        "verified": verification.verified,
        "reason": verification.reason,
    }
    try:
        return row | _believed(verification)
    except VerificationError:
        return row


def statement_of(content: VerifiedContent) -> str:
    """Return the SHA-256 of a verified bundle's statement, as a ledger has it."""
    return sha256_hex(encode(content.facts, sha256_hex(content.read(TAG_MANIFEST))))


def _believed(verification: Verification) -> dict[str, Any]:
    content = verification.content()
    facts, (signer, *_) = content.facts, verification.signers
    return {
        "run": facts.run,
        "period_start": instant_text(facts.period.start),
        "period_end": instant_text(facts.period.end),
        "signer": signer.name or signer.keyid,
        "statement_sha256": statement_of(content),
        "previous": facts.previous,
    }
