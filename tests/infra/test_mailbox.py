"""Notices by mail: believed only as far as our own server vouches for sender and time."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evidence.locker import Locker
from evidence.model import Period
from infra.source import Gathered, Gathering
from infra.sources.mailbox import MailboxFolder

NOW = datetime(2025, 9, 1, tzinfo=UTC)
PERIOD = Period.of(datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC))
RECEIVED = "from mail.vendor.example by mx.acme.example with ESMTPS id 1;\r\n Tue, 08 Jul 2025 12:00:05 +0200"
RESULTS = "mx.acme.example; spf=pass smtp.mailfrom=vendor.example;\r\n dkim=pass (2048-bit key) header.d=vendor.example"
HEADERS = {
    "Authentication-Results": RESULTS,
    "Received": RECEIVED,
    "From": "Vendor Security <security@notices.vendor.example>",
    "To": "privacy@acme.example",
    "Date": "Tue, 08 Jul 2025 09:59:00 +0000",
    "Message-ID": "<n1@vendor.example>",
    "Subject": "Security incident",
}
RECORD = {"kind": "breach", "incident_id": "INC-1", "fields": ["nature", "measures"]}


def message(**changes: str | None) -> bytes:
    named = HEADERS | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in named.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\nDear customer, Jane Doe's prompt was exposed.\r\n").encode()


def gathered(folder: Path, data: bytes, sidecar: dict[str, Any] | None = None, keyed: bool = True) -> Gathered:
    (folder / "mail").mkdir(exist_ok=True)
    (folder / "mail" / "n1.eml").write_bytes(data)
    stated = {
        "probity": "document/v1",
        "file": "n1.eml",
        "sha256": hashlib.sha256(data).hexdigest(),
        "keyed_by": ["a.doe", "b.roe"],
        "record": RECORD,
    } | (sidecar or {})
    if keyed:
        (folder / "mail" / "n1.eml.yaml").write_text(json.dumps(stated))
    at = Gathering(folder, Locker(folder / "locker"), folder / "tables", PERIOD, lambda: NOW, lambda value: value)
    MailboxFolder(path="mail", senders=("vendor.example",), server="mx.acme.example").gather(at)
    return at.gathered()


def said(found: Gathered) -> str:
    return " ".join(problem for card in found.cards for problem in card.problems)


def test_a_notice_has_the_time_at_which_our_server_received_it(tmp_path: Path) -> None:
    found = gathered(tmp_path, message())
    (row,) = pq.read_table(found.tables["notices"][0]).to_pylist()
    assert row["received_at"] == datetime(2025, 7, 8, 10, 0, 5, tzinfo=UTC)
    assert row["sent_at"] == datetime(2025, 7, 8, 9, 59, tzinfo=UTC)
    assert (row["notice_id"], row["sender"], row["channel"]) == (
        "<n1@vendor.example>",
        "notices.vendor.example",
        "email",
    )
    assert (row["kind"], row["incident_id"], row["fields"]) == ("breach", "INC-1", ["nature", "measures"])


def test_nothing_of_the_body_is_in_tables_or_cards(tmp_path: Path) -> None:
    found = gathered(tmp_path, message())
    rows = pq.read_table(found.tables["notices"][0]).to_pylist()
    assert "Jane Doe" not in f"{rows} {[card.as_json() for card in found.cards]}"


FORGED = f"mail.vendor.example; dkim=pass header.d=vendor.example\r\nAuthentication-Results: {RESULTS}"
EARLIER = f"from x by mx.evil.example; Mon, 07 Jul 2025 12:00:00 +0000\r\nReceived: {RECEIVED}"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Authentication_Results": None}, "did not find it signed"),
        ({"Authentication_Results": RESULTS.replace("dkim=pass", "dkim=fail")}, "did not find it signed"),
        ({"Authentication_Results": RESULTS.replace("header.d=vendor.example", "header.d=evil.example")}, "signed"),
        ({"Authentication_Results": RESULTS.replace("mx.acme", "mx.evil")}, "did not find it signed"),
        ({"Authentication_Results": FORGED}, "did not find it signed"),
        ({"Received": None}, "is not by mx.acme.example"),
        ({"Received": RECEIVED.replace("mx.acme.example", "mx.acme.example.evil.example")}, "is not by"),
        ({"Received": EARLIER}, "is not by mx.acme.example"),
        ({"Received": RECEIVED.replace("+0200", "-0000")}, "is not by mx.acme.example"),
        ({"Received": RECEIVED.split(";", maxsplit=1)[0]}, "is not by mx.acme.example"),
    ],
)
def test_a_message_that_our_server_does_not_vouch_for_is_no_notice(
    changes: dict[str, str | None], why: str, tmp_path: Path
) -> None:
    found = gathered(tmp_path, message(**changes))
    assert why in said(found)
    assert ("notices" in found.tables, sum(card.unreadable for card in found.cards)) == (False, 1)


SAID_BY_THE_SENDER = (
    'spf=pass smtp.mailfrom="; dkim=pass header.d=vendor.example"@evil.example',
    "dkim=none (; dkim=pass header.d=vendor.example)",
    'dkim=fail reason="x\\"; dkim=pass header.d=vendor.example"',
)


@pytest.mark.parametrize("results", SAID_BY_THE_SENDER)
def test_what_a_sender_had_our_server_quote_is_no_result(results: str, tmp_path: Path) -> None:
    found = gathered(tmp_path, message(Authentication_Results=f"mx.acme.example; {results}"))
    assert "did not find it signed" in said(found)


@pytest.mark.parametrize("sender", ["Sales <x@other.example>", "x@vendor.example.evil.example", "vendor.example", ""])
def test_somebody_elses_mail_is_not_relevant(sender: str, tmp_path: Path) -> None:
    found = gathered(tmp_path, message(From=sender))
    assert (sum(card.not_relevant for card in found.cards), sum(card.unreadable for card in found.cards)) == (1, 0)


def test_a_notice_that_nobody_keyed_is_lost(tmp_path: Path) -> None:
    assert "no side-car n1.eml.yaml" in said(gathered(tmp_path, message(), keyed=False))


@pytest.mark.parametrize(
    ("sidecar", "why"),
    [
        ({"sha256": "ab" * 32}, "another message"),
        ({"keyed_by": ["a.doe"]}, "two different people"),
        ({"record": RECORD | {"received_at": "2025-07-01T00:00:00Z"}}, "received_at"),
    ],
)
def test_a_side_car_keys_neither_time_nor_another_message(sidecar: dict[str, Any], why: str, tmp_path: Path) -> None:
    found = gathered(tmp_path, message(), sidecar)
    assert why in said(found)
    assert "notices" not in found.tables


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"From: \xff@vendor.example\r\n\r\n", b"\r\n" * 1000])
def test_what_is_no_message_raises_nothing(data: bytes, tmp_path: Path) -> None:
    assert "notices" not in gathered(tmp_path, data).tables


def test_a_side_car_without_its_message_is_a_notice_that_was_lost(tmp_path: Path) -> None:
    gathered(tmp_path, message())
    (tmp_path / "mail/n1.eml").rename(tmp_path / "mail/n1.bak")
    at = Gathering(tmp_path, Locker(tmp_path / "locker"), tmp_path / "t", PERIOD, lambda: NOW, lambda value: value)
    MailboxFolder(path="mail", senders=("vendor.example",), server="mx.acme.example").gather(at)
    assert "is not there" in said(at.gathered())
    assert not any(card.complete for card in at.gathered().cards)


def test_a_message_that_was_torn_after_it_was_keyed_is_lost_and_not_somebody_elses(tmp_path: Path) -> None:
    whole = hashlib.sha256(message()).hexdigest()
    found = gathered(tmp_path, message()[:40], sidecar={"sha256": whole})
    assert sum(card.unreadable for card in found.cards) == 1
