"""Documents are hashed by us, inside the evidence folder only."""

import hashlib

import pytest

from evidence.locker import Locker
from infra.limits import Limits
from tests.infra.engagements import Engagement, card_of, rows_of

PDF = b"%PDF-1.7 a report"


def document(file="report.pdf", digest=None, number=1):
    return {
        "document_id": f"d{number}",
        "kind": "soc2",
        "issuer": "CPA",
        "holder_entity": "Example AI, PBC",
        "services": ["api"],
        "issued_on": "2025-05-01",
        "file": file,
        "file_sha256": hashlib.sha256(PDF).hexdigest() if digest is None else digest,
        "received_at": "2025-05-02T00:00:00Z",
        "signature": "none",
    }


@pytest.fixture
def engagement(tmp_path):
    engagement = Engagement(tmp_path)
    engagement.raw("report.pdf", PDF)
    return engagement


def states(engagement, *documents):
    engagement.jsonl("documents.jsonl", documents)
    return [row["file_state"] for row in rows_of(engagement.gather(), "documents")]


def test_a_file_with_the_claimed_digest_matches(engagement):
    upper = hashlib.sha256(PDF).hexdigest().upper()
    assert states(engagement, document(), document(digest=upper)) == ["match", "match"]


@pytest.mark.parametrize("digest", ["0" * 64, "", "none"])
def test_a_file_with_another_digest_is_a_mismatch(engagement, digest):
    assert states(engagement, document(digest=digest)) == ["mismatch"]


def test_a_row_that_claims_no_digest_never_matches(engagement):
    assert states(engagement, document(), document() | {"file_sha256": None}) == ["match", "mismatch"]


@pytest.mark.parametrize(
    "file", ["missing.pdf", "", ".", "../secret.pdf", "sub/../../secret.pdf", "link.pdf", "folder/secret.pdf", "a\0b"]
)
def test_a_file_that_is_not_inside_the_folder_is_absent(engagement, file):
    (engagement.root / "secret.pdf").write_bytes(PDF)
    (engagement.evidence / "link.pdf").symlink_to(engagement.root / "secret.pdf")
    (engagement.evidence / "folder").symlink_to(engagement.root)
    assert states(engagement, document(file=file)) == ["absent"]


def test_an_absolute_path_is_absent(engagement):
    assert states(engagement, document(file=str(engagement.evidence / "report.pdf"))) == ["absent"]


def test_a_link_inside_the_folder_is_followed(engagement):
    (engagement.evidence / "link.pdf").symlink_to("report.pdf")
    assert states(engagement, document(file="link.pdf")) == ["match"]


def test_a_file_is_stored_once_with_a_card_that_counts_no_rows(engagement):
    engagement.jsonl("documents.jsonl", [document(number=1), document(file="./report.pdf", number=2)])
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/report.pdf")
    assert [c.address for c in gathered.cards].count("evidence/report.pdf") == 1
    assert (card.families, card.received, card.media_type) == (("documents",), 0, "application/pdf")
    assert Locker(engagement.root / "locker").verify(card.artefact) == len(PDF)
    assert "report.pdf" not in "".join(card_of(gathered, "evidence").problems)


def test_a_document_above_the_limit_is_absent_and_reported(tmp_path):
    engagement = Engagement(tmp_path, Limits(document=4))
    engagement.raw("report.pdf", PDF)
    engagement.jsonl("documents.jsonl", [document()])
    gathered = engagement.gather()
    assert rows_of(gathered, "documents")[0]["file_state"] == "absent"
    card = card_of(gathered, "evidence")
    assert (card.complete, card.families, card.unreadable) == (False, ("documents",), 1)
