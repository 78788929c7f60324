"""Receipts of deletions: confirmed by the feed, alone, or contradicted by it; none of them is a certificate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evidence.locker import Locker
from evidence.model import Assurance, ExtractionCard, Period
from infra.source import Gathered, Gathering
from infra.sources.anthropic import Anthropic
from tests.infra.anthropic_server import ORG, Vendor, activity
from tests.vendor_server import Reply, serving

NOW = datetime(2026, 10, 3, tzinfo=UTC)
PERIOD = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
SHARED = Path(__file__).parents[3] / "shared" / "data" / "vendor-apis" / "format-examples" / "anthropic"


def receipt(thing: str = "file_1", kind: str = "file_deleted", **more: Any) -> dict[str, Any]:
    prefix = "/v1/files/" if kind == "file_deleted" else "/v1/messages/batches/"
    return {
        "method": "DELETE",
        "path": f"{prefix}{thing}",
        "status": 200,
        "headers": {"Request-Id": f"req_{thing}", "Date": "Thu, 01 Oct 2026 08:05:02 GMT"},
        "body": {"id": thing, "type": kind},
        "object": {"id": thing, "created_at": "2026-10-01T07:00:00Z", "downloadable": False},
    } | more


DELETED = activity(5, "platform_file_deleted", file_id="file_1")


def read(folder: Path, vendor: Vendor, *receipts: Any, **settings: Any) -> Gathered:
    (folder / "kept").mkdir()
    (folder / "kept" / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in receipts))
    at = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
        variable={"KEY": "sk-ant-api01-not-to-be-seen"}.get,
    )
    with serving(vendor.answer) as server:
        given = {"organization": ORG, "credential": "KEY", "reads": ("activities",), "receipts": "kept"}
        Anthropic.model_validate(given | {"endpoint": server.address} | settings).gather(at)
    return at.gathered()


def rows(found: Gathered) -> list[dict[str, Any]]:
    return [row for path in found.tables["data_lifecycle"] for row in pq.read_table(path).to_pylist()]


def card(found: Gathered) -> ExtractionCard:
    return next(one for one in found.cards if one.address == "kept/a.jsonl")


def test_a_receipt_that_the_feed_confirms_is_dated_by_the_feed(tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([DELETED]), receipt())
    (row,) = rows(found)
    assert (row["system_id"], row["record_id"], row["content_class"]) == ("anthropic-files", "file_1", "prompt")
    assert (row["captured_at"].hour, row["deleted_at"].minute, row["delete_kind"]) == (7, 5, "hard")
    assert row["deleted_at"].second == 0
    assert card(found).assurance is Assurance.ATTESTED


def test_a_receipt_alone_is_worth_no_more_than_its_keepers_word(tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([]), receipt())
    assert rows(found)[0]["deleted_at"].second == 2
    assert (card(found).assurance, card(found).rows) == (Assurance.CLAIMED, 1)
    assert any("no activity confirms 1" in problem for problem in card(found).problems)


def test_one_receipt_alone_lowers_the_whole_file(tmp_path: Path) -> None:
    assert card(read(tmp_path, Vendor([DELETED]), receipt(), receipt("file_2"))).assurance is Assurance.CLAIMED


def test_a_feed_that_failed_confirms_nothing(tmp_path: Path) -> None:
    vendor = Vendor([DELETED], broken={"/v1/compliance/activities": Reply(status=403)})
    assert card(read(tmp_path, vendor, receipt())).assurance is Assurance.CLAIMED


def test_a_deletion_after_the_period_is_looked_for_in_the_feed_too(tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []
    late = activity(5, "platform_file_deleted", file_id="file_1") | {"created_at": "2026-10-02T09:00:00Z"}
    vendor = Vendor([])

    def answer(path: str, params: Any, headers: Any) -> Reply:
        asked.append(dict(params))
        inside = dict(params)["created_at.gte"] == "2026-10-02T00:00:00Z"
        return Vendor([late]).answer(path, [], headers) if inside else Vendor([]).answer(path, params, headers)

    vendor.answer = answer  # type: ignore[method-assign]
    answered = {"Request-Id": "r", "Date": "Fri, 02 Oct 2026 09:00:01 GMT"}
    found = read(tmp_path, vendor, receipt(headers=answered))
    assert card(found).assurance is Assurance.ATTESTED
    assert [query.get("activity_types[]") is None for query in asked] == [True, False]


def test_what_is_captured_comes_from_the_upload_where_the_thing_was_not_kept(tmp_path: Path) -> None:
    made = activity(1, "platform_file_uploaded", file_id="file_1")
    (row,) = rows(read(tmp_path, Vendor([made, DELETED]), receipt(object=None)))
    assert (row["captured_at"].minute, row["content_class"]) == (1, "prompt")


def test_what_nothing_says_of_a_thing_is_null(tmp_path: Path) -> None:
    (row,) = rows(read(tmp_path, Vendor([DELETED]), receipt(object=None)))
    assert (row["captured_at"], row["content_class"]) == (None, None)


def test_a_file_that_can_be_downloaded_is_an_output(tmp_path: Path) -> None:
    made = {"created_at": "2026-10-01T07:00:00Z", "downloadable": True}
    assert rows(read(tmp_path, Vendor([DELETED]), receipt(object=made)))[0]["content_class"] == "output"


def test_a_batch_held_prompts_and_outputs(tmp_path: Path) -> None:
    found = rows(read(tmp_path, Vendor([]), receipt("msgbatch_1", "message_batch_deleted")))
    assert [(row["system_id"], row["content_class"]) for row in found] == [
        ("anthropic-batches", "prompt"),
        ("anthropic-batches", "output"),
    ]


def test_the_same_receipt_twice_counts_once(tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([DELETED]), receipt(), receipt())
    assert (card(found).rows, card(found).duplicates) == (1, 1)


@pytest.mark.parametrize(
    "record",
    [
        receipt(status=404),
        receipt(method="GET"),
        receipt(path="/v1/files/file_2"),
        receipt(body={"id": "file_1", "type": "file"}),
        receipt(headers={"Date": "Thu, 01 Oct 2026 08:05:02 GMT"}),
        receipt(headers={"request-id": "r"}),
        receipt(headers={"request-id": "r", "date": "Thu, 01 Oct 2026 08:05:02"}),
        receipt(headers={"request-id": "r", "date": "Thu, 01 Oct 2026 09:30:00 GMT"}),
        receipt(
            headers={"request-id": "r", "date": "Thu, 01 Oct 2026 08:05:02 GMT", "anthropic-organization-id": "other"}
        ),
        {},
        7,
    ],
)
def test_a_receipt_that_is_none_or_contradicted_is_lost_and_counted(record: Any, tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([DELETED]), record)
    assert (rows(found), card(found).unreadable) == ([], 1)


def test_a_receipt_from_before_the_period_is_beside(tmp_path: Path) -> None:
    before = {"request-id": "r", "date": "Tue, 01 Sep 2026 08:05:02 GMT"}
    found = read(tmp_path, Vendor([]), receipt(headers=before))
    assert (rows(found), card(found).not_relevant) == ([], 1)


def test_a_receipt_is_no_certificate(tmp_path: Path) -> None:
    assert "deletion_certificates" not in read(tmp_path, Vendor([DELETED]), receipt()).tables


def test_without_receipts_the_source_gives_no_lifecycle(tmp_path: Path) -> None:
    found = read(tmp_path, Vendor([]), receipts=None)
    assert "data_lifecycle" not in found.tables
    assert "data_lifecycle" not in Anthropic(organization=ORG, credential="KEY").gives


@pytest.mark.skipif(not SHARED.exists(), reason="the documented example is not here")
def test_the_documented_answers_are_receipts(tmp_path: Path) -> None:
    example = json.loads((SHARED / "deletion_receipts.json").read_text())
    headers = example["response_headers"] | {"date": "Thu, 01 Oct 2026 08:05:02 GMT", "anthropic-organization-id": ORG}
    files, batches = (example[f"DELETE /v1/{kind}/{{id}}"] for kind in ("files", "messages/batches"))
    kept = [
        receipt(files["id"], headers=headers, object=example["GET /v1/files/{id}"]),
        receipt(batches["id"], "message_batch_deleted", headers=headers),
    ]
    assert card(read(tmp_path, Vendor([]), *kept)).rows == 2
