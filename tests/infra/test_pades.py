"""The seal inside the PDF report: valid to strangers' tools, allowing no change, and never a seal of anything else."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms, tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from evidence import manifest
from evidence.certificates import pem
from evidence.errors import BadContainer, OutputFailed
from evidence.signer import LocalSigner
from flows.report.pdf import render
from infra.pades import FIELD, PadesMaker
from tests.evidence import pki
from tests.flows.report import subjects

AT = pki.STAMPED


class Counting(pki.Inner):
    """An authority that counts how often it is asked."""

    asked = 0

    def answer(self, request: bytes) -> bytes:
        self.asked += 1
        return super().answer(request)


def maker(authority: pki.Inner | None = None) -> PadesMaker:
    keys = pki.seal_keys()
    return PadesMaker(LocalSigner(keys.key), (keys.certificate, keys.root), authority)


@pytest.fixture(scope="module")
def body() -> bytes:
    return render(subjects.broken(), ())


@pytest.fixture(scope="module")
def sealed(body: bytes) -> bytes:
    return maker().seal(body, AT)


@pytest.fixture(scope="module")
def stamped(body: bytes) -> bytes:
    return maker(pki.Inner(pki.first, AT)).seal(body, AT)


def parts(pdf: bytes) -> tuple[bytes, bytes]:
    """Return what is signed and the signature over it, taken out as anybody could with a text editor."""
    start, first, second, rest = map(int, re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)[-1])
    der = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    return pdf[start:first] + pdf[second : second + rest], cms.ContentInfo.load(der).dump()


def pdfsig(pdf: bytes, folder: Path) -> str:
    (folder / "report.pdf").write_bytes(pdf)
    return subprocess.run(["pdfsig", folder / "report.pdf"], capture_output=True, text=True, check=False).stdout


def test_a_seal_is_added_and_no_byte_before_it_changes(body: bytes, sealed: bytes) -> None:
    assert sealed.startswith(body)
    assert len(parts(sealed)[0]) < len(sealed)


def test_another_reader_finds_the_seal_valid_over_the_whole_file(sealed: bytes, tmp_path: Path) -> None:
    said = pdfsig(sealed, tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert said.count("Signature #") == 1


@pytest.mark.parametrize("place", ["the first page", "the hash of the findings", "the last byte before the seal"])
def test_one_changed_byte_is_a_digest_mismatch(sealed: bytes, body: bytes, tmp_path: Path, place: str) -> None:
    at = {"the first page": 2_000, "the hash of the findings": sealed.index(b"findings-sha256:") + 20}
    at = at.get(place, len(body) - 1)
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    assert "Digest Mismatch" in pdfsig(changed, tmp_path)


@pytest.mark.parametrize("form", ["sealed", "stamped"])
def test_openssl_verifies_the_signature_with_its_certificate_under_the_root(
    form: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    content, signature = parts(request.getfixturevalue(form))
    for name, data in {"content": content, "cms": signature, "root.pem": pem(pki.seal_keys().root)}.items():
        (tmp_path / name).write_bytes(data)
    command = "openssl cms -verify -cades -binary -inform DER -in cms -content content -CAfile root.pem -purpose any"
    done = subprocess.run(
        [*command.split(), "-attime", str(int(AT.timestamp())), "-out", "/dev/null"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "successful" in done.stderr


def asn1(root) -> x509.Certificate:
    return x509.Certificate.load(root.public_bytes(Encoding.DER))


def judged(pdf: bytes):
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    own, time = (
        ValidationContext(trust_roots=[asn1(root)], moment=AT) for root in (pki.seal_keys().root, pki.first().root)
    )
    return validate_pdf_signature(signature, own, time)


def test_a_stamped_seal_is_intact_trusted_and_allows_no_change(stamped: bytes) -> None:
    status = judged(stamped)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert status.docmdp_ok
    assert status.modification_level is ModificationLevel.NONE
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.timestamp == AT


def test_whatever_is_added_afterwards_voids_the_certification(stamped: bytes) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(stamped))
    writer.root["/Lang"] = pdf_string("de")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert not judged(out.getvalue()).bottom_line


def test_the_authority_is_asked_once(body: bytes) -> None:
    authority = Counting(pki.first, AT)
    maker(authority).seal(body, AT)
    assert authority.asked == 1


def test_a_sealed_file_still_says_of_itself_what_it_said(body: bytes, sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(body)) as before, pikepdf.open(io.BytesIO(sealed)) as after:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert dict(after.docinfo) == dict(before.docinfo)
        assert after.pdf_version == before.pdf_version == "1.7"
        assert "/Version" not in after.Root
        assert after.open_metadata().pdfa_status == "3A"


def test_the_seal_is_invisible_as_both_standards_allow(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        printed, hidden, locked = 4, 2, 128
        assert str(field.T) == FIELD
        assert int(field.F) & printed
        assert not int(field.F) & hidden
        assert int(field.F) & locked
        x1, y1, x2, y2 = (float(n) for n in field.Rect)
        assert (x1, y1) == (x2, y2)
        assert max(x1, y1) < 0
        assert str(pdf.pages[0].Tabs) == "/S"
        assert pdf.Root.Perms.DocMDP.objgen == field.V.objgen


def test_the_seal_claims_the_time_it_was_given(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert str(pdf.Root.Perms.DocMDP.M).startswith(f"D:{AT:%Y%m%d%H%M%S}")


def test_the_same_key_never_seals_a_tag_manifest_as_a_file_or_a_file_as_a_tag_manifest(sealed: bytes) -> None:
    tags = manifest.render(dict.fromkeys(manifest.TAG_FILES, "0" * 64))
    with pytest.raises(OutputFailed, match="must begin with %PDF-"):
        maker().seal(tags, AT)
    with pytest.raises(BadContainer, match="MANIFEST_GRAMMAR"):
        manifest.parse(parts(sealed)[0], manifest.TAG_MANIFEST)


def test_what_only_claims_to_be_a_pdf_is_our_failure() -> None:
    with pytest.raises(OutputFailed, match="could not be sealed"):
        maker().seal(b"%PDF-1.7\nnothing", AT)


def test_a_stamp_larger_than_its_room_is_our_failure(body: bytes) -> None:
    class Verbose(pki.Inner):
        def answer(self, request: bytes) -> bytes:
            reply = tsp.TimeStampResp.load(super().answer(request))
            signed = reply["time_stamp_token"]["content"]
            signed["certificates"] = [*signed["certificates"]] * 100
            return reply.dump(force=True)

    with pytest.raises(OutputFailed, match="could not be sealed"):
        maker(Verbose(pki.first, AT)).seal(body, AT)
