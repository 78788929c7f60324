"""The `bundles` source: every bundle is verified again, and one that fails is a row that believes nothing it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.errors import BadInput
from evidence.model import Status
from infra.source import Gathered
from tests.evidence import doubly, logbook, logged, sealed
from tests.infra.engagements import NOW, Engagement, card_of, rows_of


@pytest.fixture
def engagement(tmp_path: Path) -> Engagement:
    (tmp_path / "trust").mkdir()
    signed_by = ({"name": "Internal audit", "keyid": sealed.trust().key_id},)
    sealed.write_trust(tmp_path / "trust", signed_by=signed_by)
    return Engagement(tmp_path)


def gather(engagement: Engagement, **settings: Any) -> Gathered:
    return engagement.gather("bundles", **({"trust": "trust"} | settings))


def test_a_sound_bundle_says_what_it_is_about_and_whose_it_is(engagement: Engagement) -> None:
    sealed.seal(engagement.evidence / "june.zip")
    (row,) = rows_of(gather(engagement), "bundle_verifications")
    assert (row["bundle"], row["run"], row["verified"], row["reason"]) == ("june.zip", "run-1", True, None)
    assert (row["period_start"], row["period_end"]) == (sealed.PERIOD.start, sealed.PERIOD.end)
    assert row["signer"] == "Internal audit"
    assert row["verified_at"] == NOW
    assert len(row["statement_sha256"]) == 64


def test_two_bundles_have_two_statements(engagement: Engagement) -> None:
    sealed.seal(engagement.evidence / "a.zip")
    sealed.seal(engagement.evidence / "b.zip", Status.MET)
    rows = rows_of(gather(engagement), "bundle_verifications")
    assert len({row["statement_sha256"] for row in rows}) == 2


def test_logged_bundles_are_a_chain_of_statements(engagement: Engagement) -> None:
    logged.write_trust(engagement.root / "trust")
    engagement.as_of = doubly.NOW  # later than the runs were witnessed
    book = logbook.ledger()
    for run in ("a", "b"):
        logged.seal_run(engagement.evidence / f"{run}.zip", book, run)
    first, second = rows_of(gather(engagement), "bundle_verifications")
    assert (first["previous"], second["previous"]) == (None, first["statement_sha256"])
    assert second["statement_sha256"] == book.history().contract(sealed.CONTRACT.id).previous


def test_an_edited_bundle_is_a_row_without_what_it_claims(engagement: Engagement) -> None:
    bundle = sealed.seal(engagement.evidence / "june.zip")
    bundle.write_bytes(bundle.read_bytes().replace(b'"status":"breached"', b'"status":"unproven"'))
    (row,) = rows_of(gather(engagement), "bundle_verifications")
    assert not row["verified"]
    assert row["reason"] is not None
    assert (row["run"], row["signer"], row["statement_sha256"]) == (None, None, None)


def test_what_is_no_zip_archive_is_a_failed_verification_and_not_a_crash(engagement: Engagement) -> None:
    engagement.text("june.zip", "not an archive")
    (row,) = rows_of(gather(engagement), "bundle_verifications")
    assert not row["verified"]


def test_the_bundle_is_kept_raw_and_other_files_are_named(engagement: Engagement) -> None:
    bundle = sealed.seal(engagement.evidence / "june.zip")
    engagement.text("notes.txt", "x")
    gathered = gather(engagement)
    card = card_of(gathered, "evidence/june.zip")
    assert (card.size, card.rows, card.media_type) == (bundle.stat().st_size, 1, "application/zip")
    assert "notes.txt" in card_of(gathered, "evidence").problems[0]


def test_no_bundle_gives_no_table(engagement: Engagement) -> None:
    assert "bundle_verifications" not in gather(engagement).tables


def test_a_missing_trust_folder_is_told_before_anything_is_verified(engagement: Engagement) -> None:
    with pytest.raises(BadInput, match="T001"):
        gather(engagement, trust="nowhere")
