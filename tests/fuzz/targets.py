"""The readers of what strangers write, each with what it may raise and with good input to begin from.

A reader either returns or raises one of its own errors; anything else is a fault, and so is taking a changed bundle.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_crl, load_pem_x509_crl

from evidence import (
    archive,
    cades,
    checkpoint,
    disclosure,
    dsse,
    layout,
    ledger_entry,
    manifest,
    mldsa,
    note,
    p256,
    policy,
    references,
    revocation,
    statement,
    timestamp,
    witness,
)
from evidence.canonical import sha256_hex
from evidence.certificates import MALFORMED, pem, read_pem
from evidence.container import read_container
from evidence.errors import BadInput, VerificationError
from evidence.note import KeyType
from evidence.signer import private_from_pem
from evidence.timestamp import Authorities
from evidence.verify import verify
from tests.attacks.parts import Files, pack, reseal, unpack
from tests.evidence import disclosed, doubly, logbook, logged, pki, sealed

STAMP = f"{layout.STATEMENT}.tsr"
LIST = "seal/ltv/01.crl"
SIGNED = (manifest.FINDINGS, manifest.CARDS, manifest.REPORT, manifest.INFO)


@dataclass(frozen=True)
class Target:
    """A reader, what it may raise, and inputs that it takes."""

    read: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]
    prefix: int = 0  # bytes before the content, which say where it goes

    def __call__(self, data: bytes) -> None:
        try:
            self.read(data)
        except self.allowed:
            return


@cache
def files() -> Files:
    """Return the members of a bundle that has everything: both seals, stamps, ledger, lists."""
    with tempfile.TemporaryDirectory() as folder:
        return unpack(logged.seal_full(Path(folder) / "full.zip").read_bytes())


@cache
def first_form() -> Files:
    with tempfile.TemporaryDirectory() as folder:
        return unpack(sealed.seal(Path(folder) / "first.zip").read_bytes())


@cache
def scratch() -> Path:
    """Return where bundles are written to be verified; the folder goes with the process."""
    folder = tempfile.mkdtemp(prefix="probity-fuzz-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "x.zip"


def member(*names: str) -> Callable[[], list[bytes]]:
    return lambda: [files()[name] for name in names]


def _container(data: bytes) -> None:
    container = read_container(io.BytesIO(data))
    names = (manifest.MANIFEST, manifest.TAG_MANIFEST)
    payload, tags = (manifest.parse(container.read(name, manifest.MAX_MANIFEST_BYTES), name) for name in names)
    manifest.check_file_set(container.entries, payload, tags)


def _seal(data: bytes) -> None:
    found = cades.read(data, files()[manifest.TAG_MANIFEST])
    lists = (load_pem_x509_crl(files()[LIST]),)
    cades.check(found, (pki.seal_keys().root,), Authorities((), (), lists), doubly.NOW, doubly.NOW)


def _stamp(data: bytes) -> None:
    found = timestamp.read(data, files()[layout.STATEMENT], STAMP)
    timestamp.check(found, Authorities(pki.first().roots), doubly.NOW, STAMP)


def _list(data: bytes) -> None:
    own, found = pki.seal_keys(), load_der_x509_crl(data)
    pem(found)
    revocation.is_about(found, own.certificate, own.root)
    revocation.check_chain((own.certificate, own.root), [found], doubly.NOW, doubly.NOW)


def _checkpoint(data: bytes) -> None:
    checkpoint.check(data, logbook.LOG.key, logbook.WITNESS.key)


def _proof(data: bytes) -> None:
    found = checkpoint.parse_proof(data)
    checkpoint.split_hashes(found.extra)
    checkpoint.check_leaf(files()[layout.LEDGER_ENTRY], found, logbook.LOG.key, logbook.WITNESS.key)


def _request(data: bytes) -> None:
    logbook.witness().add_checkpoint(data)
    witness.parse_request(data)


def _history(data: bytes) -> None:
    ledger_entry.History.of(data.split(b"\n"))


def _keys(data: bytes) -> None:
    text = data.decode(errors="replace")
    readers: tuple[Callable[[], object], ...] = (
        lambda: p256.public_from_pem(data, "k"),
        lambda: mldsa.public_from_pem(data, "k"),
        lambda: read_pem(data, "k"),
        lambda: private_from_pem(data, "k", "secret"),
        lambda: note.parse_vkey(text, KeyType.LOG, "k"),
        lambda: note.parse_secret(text, KeyType.WITNESS, "k"),
    )
    for read in readers:
        try:
            read()
        except BadInput:
            continue


def _member_of_a_bundle(data: bytes) -> None:
    """Put the bytes in the place of a member of the full bundle; nothing but the bytes that were there is accepted."""
    names = sorted(files())
    name, content = names[data[0] % len(names)] if data else names[0], data[1:]
    scratch().write_bytes(pack(files() | {name: content}))
    found = verify(scratch(), logged.trust(doubly.trust(ledger=True)), at=doubly.NOW)
    if found.verified != (content == files()[name]):
        raise AssertionError(f"{name}: verified is {found.verified}")


def _signed_member(data: bytes) -> None:
    """Put the bytes in the place of a signed member, and sign: what a dishonest signer could have us read."""
    name, content = SIGNED[data[0] % len(SIGNED)] if data else SIGNED[0], data[1:]
    changes = {"findings_sha256": sha256_hex(content)} if name == manifest.FINDINGS else {}
    scratch().write_bytes(reseal(first_form() | {name: content}, **changes))
    verify(scratch(), sealed.trust(), at=sealed.AS_OF)


def _whole(data: bytes) -> None:
    scratch().write_bytes(data)
    if verify(scratch(), logged.trust(doubly.trust(ledger=True)), at=doubly.NOW).verified and data != pack(files()):
        raise AssertionError("another bundle than the one that was sealed is accepted")


def _chosen(members: Files, names: Iterable[str]) -> list[bytes]:
    return [bytes([number]) + members[name] for number, name in enumerate(names)]


def _cards(data: bytes) -> None:
    for _ in references.read_cards([data[: len(data) // 2], data[len(data) // 2 :]]):
        pass


def _policies() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        logged.write_trust(Path(folder), logged.trust(doubly.trust(ledger=True)))
        return [(Path(folder) / "policy.json").read_bytes()]


def _key_seeds() -> list[bytes]:
    return [
        *member(layout.KEY_P256, layout.KEY_ML_DSA_65)(),
        pem(pki.seal_keys().root),
        logbook.LOG.key.vkey.encode(),
        logbook.WITNESS.encode().encode(),
    ]


def _notes() -> list[bytes]:
    return [checkpoint.parse_proof(proof).checkpoint for proof in member(layout.LEDGER_ENTRY_PROOF)()]


REFUSED = (VerificationError,)
TARGETS = {
    "container": Target(_container, REFUSED, lambda: [pack(files()), pack(first_form())]),
    "whole": Target(_whole, (), lambda: [pack(files())]),
    "member": Target(_member_of_a_bundle, (), lambda: _chosen(files(), sorted(files())), 1),
    "signed-member": Target(_signed_member, (), lambda: _chosen(first_form(), SIGNED), 1),
    "manifest": Target(
        lambda data: manifest.parse(data, "m"), REFUSED, member(manifest.MANIFEST, archive.list_name(1))
    ),
    "envelope": Target(dsse.parse, REFUSED, member(layout.STATEMENT)),
    "statement": Target(statement.parse, REFUSED, lambda: [dsse.parse(files()[layout.STATEMENT]).payload]),
    "findings": Target(references.parse_findings, REFUSED, member(manifest.FINDINGS)),
    "cards": Target(_cards, REFUSED, member(manifest.CARDS)),
    "disclosures": Target(disclosure.parse, REFUSED, lambda: [disclosure.render(disclosed.disclosures())]),
    "disclosure-list": Target(disclosure.parse_list, REFUSED, lambda: [disclosure.render_list(disclosed.fields())]),
    "seal": Target(_seal, REFUSED, member(layout.CADES)),
    "stamp": Target(_stamp, REFUSED, member(STAMP)),
    "list": Target(
        _list, (*MALFORMED, revocation.ChainFault), lambda: [pki.seal_keys().crl().public_bytes(Encoding.DER)]
    ),
    "leaf": Target(ledger_entry.parse, REFUSED, member(layout.LEDGER_START, layout.LEDGER_ENTRY)),
    "history": Target(_history, REFUSED, lambda: [b"\n".join(member(layout.LEDGER_START, layout.LEDGER_ENTRY)())]),
    "checkpoint": Target(_checkpoint, REFUSED, _notes),
    "proof": Target(_proof, REFUSED, member(layout.LEDGER_ENTRY_PROOF)),
    "witness": Target(_request, REFUSED, lambda: [b"old 0\n\n" + signed for signed in _notes()]),
    "policy": Target(lambda data: policy.parse(data, "policy.json"), (BadInput,), _policies),
    "keys": Target(_keys, (), _key_seeds),
}
