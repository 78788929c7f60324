"""Makes CAdES seals with pyHanko; the key may be anywhere a `Signer` can reach."""

from __future__ import annotations

import asyncio

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign import signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from evidence.certificates import Chain
from evidence.signer import Signer
from infra.tsa import Authority


class CadesMaker:
    """Seals content with one key and its certificate; with an authority the seal carries a stamp (level B-T)."""

    def __init__(self, signer: Signer, chain: Chain, authority: Authority | None = None) -> None:
        """Take the chain with the signer's own certificate first; roots in it are not put into seals."""
        self._signer = SignerByOurs(signer, chain)
        self._authority = None if authority is None else StamperByOurs(authority)

    def seal(self, content: bytes) -> bytes:
        """Return the detached CAdES seal in DER (ETSI EN 319 122-1, levels B-B and B-T)."""
        work = self._signer.async_sign_general_data(content, "sha256", use_cades=True, timestamper=self._authority)
        made: cms.ContentInfo = asyncio.run(work)
        return bytes(made.dump())


class SignerByOurs(signers.Signer):
    """Lets pyHanko sign through our protocol; roots are not put into seals."""

    def __init__(self, signer: Signer, chain: Chain) -> None:
        own, *others = (asn1.Certificate.load(c.public_bytes(Encoding.DER)) for c in chain)
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(c for c in others if c.self_signed == "no")
        super().__init__(signing_cert=own, cert_registry=store, embed_roots=False)
        self._key = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        """Return the signature over data."""
        return self._key.sign(data)


class StamperByOurs(TimeStamper):
    """Lets pyHanko stamp through our authority."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return what the authority answers."""
        return tsp.TimeStampResp.load(self._authority.answer(req.dump()))
