"""What anybody can do to a stamped bundle: change seal files, and have the result stamped by a trusted authority."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence import layout, manifest
from evidence.archive import ArchiveList, Stamps
from evidence.sealing import Draft, SealingStep, run_steps
from tests.attacks.parts import Files, pack, unpack
from tests.evidence import doubly, pki, sealed

TRUSTED = (pki.At(pki.first, pki.STAMPED),)


def bare(files: Files) -> Files:
    """Return payload and manifests alone."""
    return {n: d for n, d in files.items() if not n.startswith((layout.SEAL, layout.ARCHIVE))}


def unstamped(files: Files) -> Files:
    return {n: d for n, d in files.items() if not (n.startswith(layout.ARCHIVE) or n.endswith(layout.STAMP))}


def sealed_by(good: bytes, steps: Sequence[SealingStep], **facts: object) -> bytes:
    """Return the bundle with other seals over the same payload."""
    files = bare(unpack(good))
    draft = run_steps(tuple(steps), Draft(sealed.facts(**facts), files[manifest.TAG_MANIFEST], {}))
    return pack(files | draft.files)


def restamped(files: Files) -> bytes:
    """Return a bundle whose seal files are stamped anew by a trusted authority, which stamps for everybody."""
    rest = unstamped(files)
    made = {n: d for n, d in rest.items() if n.startswith(layout.SEAL)}
    draft = Draft(sealed.facts(), rest[manifest.TAG_MANIFEST], made)
    return pack(rest | run_steps((Stamps(TRUSTED), ArchiveList(TRUSTED)), draft).files)


def rearchived(files: Files) -> bytes:
    """Return a bundle whose archive list is made and stamped anew; the stamps over the seals stay."""
    rest = {n: d for n, d in files.items() if not n.startswith(layout.ARCHIVE)}
    made = {n: d for n, d in rest.items() if n.startswith(layout.SEAL)}
    draft = Draft(sealed.facts(), rest[manifest.TAG_MANIFEST], made)
    return pack(rest | run_steps((ArchiveList(TRUSTED),), draft).files)


def minus(good: bytes, names: Iterable[str]) -> Files:
    gone = set(names)
    return {n: d for n, d in unpack(good).items() if n not in gone}


def doubly_sealed(good: bytes, **parts: object) -> bytes:
    """Return the bundle sealed with all steps, of which some are replaced."""
    return sealed_by(good, doubly.steps(**parts))
