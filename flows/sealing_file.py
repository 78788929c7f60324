"""The parts of `audit.yaml` that say who seals and who stamps, and how they become a `Sealer`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from cryptography import x509
from pydantic import BeforeValidator, Field

from evidence import certificates, mldsa, p256
from evidence.certificates import Chain
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed
from evidence.signer import DSSE_P256_KEY, ML_DSA_65_KEY, SEAL_CERTIFICATE, SEAL_KEY, SEAL_LIST, Signer
from evidence.spki import digest_of_key
from evidence.trust_files import TSA_ROOTS
from flows.sealer import Sealer
from infra import revocation_lists, tsa
from infra.signers import open_signer


class LocalKeys(Closed):
    """A folder with private keys that only its owner may read; made by `probity keys new`."""

    kind: Literal["local"]
    keys: str = Field(min_length=1, description="the folder with the private keys, relative to the engagement")
    passphrase: str | None = Field(default=None, min_length=1, description="of encrypted keys; write it as ${VARIABLE}")
    revocation: tuple[str, ...] = Field(default=(), description="further revocation lists: addresses or files")


class NamedKeys(Closed):
    """Keys one by one, no two the same: a file, `awskms:KEY` or `pkcs11:token=…;object=…?module-path=…`."""

    kind: Literal["keys"]
    dsse_p256: str = Field(min_length=1, description="signs the statement")
    dsse_ml_dsa_65: str | None = Field(default=None, min_length=1, description="signs the statement as well")
    cades: str | None = Field(
        default=None, min_length=1, description="seals the tag manifest and the PDF report, with a certificate"
    )
    certificate: str | None = Field(
        default=None, min_length=1, description="PEM file: the seal's certificate to its root"
    )
    passphrase: str | None = Field(default=None, min_length=1, description="of encrypted key files")
    revocation: tuple[str, ...] = Field(default=(), description="revocation lists: addresses or files")


Keys: TypeAlias = Annotated[LocalKeys | NamedKeys, Field(discriminator="kind")]


class TimeStamping(Closed):
    """A time-stamping authority."""

    url: str = Field(min_length=1, description="where it answers RFC 3161 requests")
    roots: str | None = Field(default=None, min_length=1, description="PEM file with its root certificate")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Timestamps: TypeAlias = Annotated[tuple[TimeStamping, ...], BeforeValidator(_listed)]


def open_sealer(folder: Path, keys: LocalKeys | NamedKeys, timestamps: Timestamps, now: datetime) -> Sealer:
    """Return the sealer an audit file describes; BadInput when a key, certificate or root cannot be used."""
    named = _named(folder, keys)
    if (named.cades is None) != (named.certificate is None):
        raise _bad("signer", "a seal needs both: cades and certificate")
    secret = named.passphrase
    statement = open_signer(named.dsse_p256, p256.ALGORITHM, folder, secret)
    second = open_signer(named.dsse_ml_dsa_65, mldsa.ALGORITHM, folder, secret) if named.dsse_ml_dsa_65 else None
    authorities = tuple(tsa.authority(each.url, secrets.randbits) for each in timestamps)
    roots = tuple(root for each in timestamps for root in _roots(folder, keys, each))
    sealer = Sealer(statement, second, stampers=authorities, tsa_roots=roots)
    if named.cades is None or named.certificate is None:
        return sealer
    key = open_signer(named.cades, p256.ALGORITHM, folder, secret)
    chain = _chain(folder / named.certificate, key, statement, now)
    return Sealer(
        statement,
        second,
        cades=_maker(key, chain, authorities),
        pdf=_pdf_maker(key, chain, authorities),
        chain=chain,
        revocation=lambda: _lists(named.revocation, folder),
        stampers=authorities,
        tsa_roots=roots,
    )


def open_statement_signer(folder: Path, keys: LocalKeys | NamedKeys) -> Signer:
    """Return the P-256 key that signs statements, and what of an engagement is signed beside them; nothing else."""
    named = _named(folder, keys)
    return open_signer(named.dsse_p256, p256.ALGORITHM, folder, named.passphrase)


def _named(folder: Path, keys: LocalKeys | NamedKeys) -> NamedKeys:
    """Return a folder of `probity keys new` as the keys it holds; earlier ones have the statement's key alone."""
    if isinstance(keys, NamedKeys):
        return keys
    held = Path(keys.keys)
    present = {n for n in (ML_DSA_65_KEY, SEAL_KEY, SEAL_CERTIFICATE, SEAL_LIST) if (folder / held / n).exists()}
    own = (str(held / SEAL_LIST),) if SEAL_LIST in present else ()
    return NamedKeys(
        kind="keys",
        dsse_p256=str(held / DSSE_P256_KEY),
        dsse_ml_dsa_65=str(held / ML_DSA_65_KEY) if ML_DSA_65_KEY in present else None,
        cades=str(held / SEAL_KEY) if SEAL_KEY in present else None,
        certificate=str(held / SEAL_CERTIFICATE) if SEAL_CERTIFICATE in present else None,
        passphrase=keys.passphrase,
        revocation=(*own, *keys.revocation),
    )


def _maker(key: Signer, chain: Chain, authorities: Sequence[tsa.Authority]) -> Any:
    from infra.cades import CadesMaker  # noqa: PLC0415 - pyHanko takes a second to import

    return CadesMaker(key, chain, next(iter(authorities), None))


def _pdf_maker(key: Signer, chain: Chain, authorities: Sequence[tsa.Authority]) -> Any:
    from infra.pades import PadesMaker  # noqa: PLC0415 - pyHanko takes a second to import

    return PadesMaker(key, chain, next(iter(authorities), None))


def _chain(path: Path, key: Signer, statement: Signer, now: datetime) -> Chain:
    chain = certificates.read_pem(_read(path), str(path))
    if certificates.key_id(chain[0]) != digest_of_key(key.public_key):
        raise _bad(str(path), "is not the certificate of the sealing key; its own certificate must come first")
    if digest_of_key(key.public_key) == digest_of_key(statement.public_key):
        raise _bad("signer", "cades and dsse_p256 must be separate keys")
    if now > chain[0].not_valid_after_utc:
        raise _bad(
            str(path), f"the seal's certificate ended on {chain[0].not_valid_after_utc:%Y-%m-%d}; have it renewed"
        )
    if chain[-1].subject != chain[-1].issuer:
        raise _bad(str(path), "must end with the root certificate that readers are handed")
    return chain


def _roots(folder: Path, keys: LocalKeys | NamedKeys, authority: TimeStamping) -> Chain:
    beside = Path(keys.keys).parent / "trust" / TSA_ROOTS if isinstance(keys, LocalKeys) else None
    path = Path(authority.roots) if authority.roots else beside
    if path is None or not (folder / path).exists():
        raise _bad("timestamp", "name the file with the authority's root certificate: roots: tsa-roots.pem")
    return certificates.read_pem(_read(folder / path), str(path))


def _lists(places: Sequence[str], folder: Path) -> Sequence[x509.CertificateRevocationList]:
    return [revocation_lists.fetch(place, folder) for place in places]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise _bad(str(path), f"cannot be read ({cause.strerror})") from cause


def _bad(where: str, what: str) -> BadInput:
    return BadInput(Problem("K013", what, Place(where), "see docs/sealing.md"))
