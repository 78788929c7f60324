"""Seals PDF files with pyHanko: PAdES baseline B-B or B-T (ETSI EN 319 142-1), certified so that no change is allowed.

The key is that of the CAdES seal, and the two can never be taken for one another. Both sign the digest of a content: a
CAdES seal that of a tag manifest, which `manifest.parse` admits only as four lines that begin with a digest in hex, and
this one that of a file which begins with `%PDF-`, refused here otherwise. No content is both.
"""

from __future__ import annotations

import asyncio
import io
from datetime import datetime

from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import signers
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from evidence.certificates import Chain
from evidence.errors import OutputFailed
from evidence.signer import Signer
from infra.cades import SignerByOurs, StamperByOurs
from infra.tsa import Authority

FIELD = "Seal"
HEADER = b"%PDF-"
#: Hex digits kept free for the signature, its certificates and its stamp; half as many bytes.
RESERVED = 49_152
#: PDF/A forbids the hidden flag and PDF/UA wants untagged fields hidden or off the page: off the page suits both.
_INVISIBLE = InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)


class _OnlySealed(IncrementalPdfFileWriter):
    """Adds a seal to a file and leaves what the file says of itself, its PDF version and its metadata, as it was.

    pyHanko would declare PDF 2.0 for a P-256 key (ISO 32002), which PDF/A-3 does not know, and write a new date.
    """

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """Keep the version: PDF/A-3 is PDF 1.7."""

    def register_extension(self, ext: DeveloperExtension) -> None:
        """Declare extensions of PDF 1.7 only."""
        if ext.base_version == "/1.7":
            super().register_extension(ext)

    def _update_meta(self) -> None:
        """Keep the metadata, which a verifier reads the hash of the findings from."""


class PadesMaker:
    """Seals PDF files with one key and its certificate; with an authority the seal carries a stamp (level B-T)."""

    def __init__(self, signer: Signer, chain: Chain, authority: Authority | None = None) -> None:
        """Take the chain with the signer's own certificate first."""
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        field = SigFieldSpec(FIELD, on_page=0, invis_sig_settings=_INVISIBLE)
        stamper = None if authority is None else StamperByOurs(authority)
        self._signer = signers.PdfSigner(
            metadata, SignerByOurs(signer, chain), timestamper=stamper, new_field_spec=field
        )

    def seal(self, pdf: bytes, at: datetime) -> bytes:
        """Return the file followed by its seal; the bytes given stay as they are. `at` is the time it claims."""
        if not pdf.startswith(HEADER):
            raise OutputFailed("only a PDF file is sealed as one: it must begin with %PDF-")
        try:
            return asyncio.run(self._sealed(pdf, at))
        except (PdfError, SigningError) as cause:
            raise OutputFailed(f"the PDF report could not be sealed: {cause}") from cause

    async def _sealed(self, pdf: bytes, at: datetime) -> bytes:
        """Follow the steps of pyHanko's `async_sign_pdf`, which would read the clock and stamp twice to measure."""
        session = self._signer.init_signing_session(_OnlySealed(io.BytesIO(pdf)))
        session.system_time = at
        prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=RESERVED)
        out = io.BytesIO()
        digest, _ = prepared.digest_tbs_document(output=out)
        await prepared.perform_signature(digest.document_digest, PdfCMSSignedAttributes(signing_time=at))
        return out.getvalue()
