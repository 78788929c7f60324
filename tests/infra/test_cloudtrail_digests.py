"""What a chain of digests proves, and every way to cheat it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.cloudtrail_digests import Chain, LogFound, compare, validate
from tests.infra.digest_chain import BUCKET, HOUR, KEYS, START, Trail, digest_key, log_key, text_of


def examined(trail: Trail, **more: Any) -> Chain:
    asked: dict[str, Any] = {"first": START, "last": trail.end, "newest": trail.end + timedelta(minutes=20)} | more
    return validate(BUCKET, trail.delivered(), KEYS, **asked)


def codes(trail: Trail, **more: Any) -> set[str]:
    chain = examined(trail, **more)
    return {fault.code for fault in (*chain.faults, *compare(chain, trail.found()))}


def test_an_untouched_trail_has_no_fault_and_proves_every_log_file() -> None:
    trail = Trail()
    chain = examined(trail)
    assert (chain.faults, compare(chain, trail.found())) == ([], ())
    assert set(chain.logs) == set(trail.logs)
    assert chain.hours == [(START + n * HOUR, START + (n + 1) * HOUR) for n in range(6)]


def test_a_log_file_that_is_planted_later_is_noticed_by_its_name_and_a_late_one_is_left_to_later_digests() -> None:
    trail = Trail()
    planted, late = (
        log_key(START + timedelta(minutes=90), "B" * 16),
        log_key(trail.end - timedelta(minutes=9), "C" * 16),
    )
    found = trail.found() | {key: LogFound("0" * 64, trail.end + 900 * HOUR) for key in (planted, late)}
    assert [(fault.code, fault.key) for fault in compare(examined(trail), found)] == [("LOG_UNLISTED", planted)]


def test_the_order_in_which_digests_are_listed_does_not_matter() -> None:
    trail = Trail()
    trail.digests.reverse()
    assert codes(trail) == set()


def rewritten(trail: Trail, number: int, change: Callable[[dict[str, Any]], object], *, sign: bool) -> None:
    key = trail.digests[number]
    stated = json.loads(trail.inflated(key))
    change(stated)
    body = json.dumps(stated).encode()
    if sign:
        trail.put_digest(key, body)
    else:
        trail.objects[key] = gzip.compress(body)


def change_log(trail: Trail) -> None:
    key = trail.logs[2]
    trail.objects[key] = gzip.compress(trail.inflated(key).replace(b"Converse", b"Invoked!"))


def drop_log(trail: Trail) -> None:
    del trail.objects[trail.logs[2]]


def change_digest(trail: Trail) -> None:
    rewritten(trail, 2, lambda stated: stated["logFiles"].clear(), sign=False)


def change_and_sign_digest(trail: Trail) -> None:
    rewritten(trail, 2, lambda stated: stated["logFiles"].clear(), sign=True)


def drop_middle(trail: Trail) -> None:
    del trail.objects[trail.digests[2]]


def drop_oldest(trail: Trail) -> None:
    del trail.objects[trail.digests[0]]


def drop_newest(trail: Trail) -> None:
    for key in trail.digests[-3:]:
        del trail.objects[key]


def swap_digests(trail: Trail) -> None:
    one, other = trail.digests[1], trail.digests[3]
    for found in (trail.objects, trail.signatures):
        found[one], found[other] = found[other], found[one]


def sign_with_another_key(trail: Trail) -> None:
    trail.add_digest(trail.end, trail.digests[-1], {}, signer=1)


def keep_an_old_signature(trail: Trail) -> None:
    trail.signatures[trail.digests[2]] = trail.signatures[trail.digests[1]]


def restart(trail: Trail) -> None:
    trail.add_digest(trail.end + 3 * HOUR, None, {})


def leave_an_hour_out(trail: Trail) -> None:
    trail.add_digest(trail.end + HOUR, trail.digests[-1], {})


def name_another_hash(trail: Trail) -> None:
    rewritten(trail, 5, lambda stated: stated.update(previousDigestHashValue="0" * 64), sign=True)


def name_another_signature(trail: Trail) -> None:
    rewritten(trail, 5, lambda stated: stated.update(previousDigestSignature="00"), sign=True)


def plant_log(trail: Trail) -> None:
    trail.objects[log_key(START + timedelta(minutes=90), "BBBBBBBBBBBBBBBB")] = gzip.compress(b'{"Records": []}')


def remove_all(trail: Trail) -> None:
    for key in trail.digests:
        del trail.objects[key]


ATTACKS = {
    change_log: {"LOG_CHANGED"},
    drop_log: {"LOG_MISSING"},
    change_digest: {"SIGNATURE", "PREVIOUS_HASH"},
    change_and_sign_digest: {"PREVIOUS_HASH", "PREVIOUS_SIGNATURE", "LOG_UNLISTED"},
    drop_middle: {"DIGEST_MISSING"},
    drop_oldest: {"BEGINS_LATE"},
    drop_newest: {"ENDS_EARLY", "NEWEST_MISSING"},
    swap_digests: {"DIGEST_MOVED", "DIGEST_MISSING"},
    sign_with_another_key: {"KEY_UNKNOWN"},
    keep_an_old_signature: {"SIGNATURE", "PREVIOUS_SIGNATURE"},
    restart: {"CHAIN_RESTARTED"},
    leave_an_hour_out: {"HOURS_APART"},
    name_another_hash: {"PREVIOUS_HASH"},
    name_another_signature: {"PREVIOUS_SIGNATURE"},
    plant_log: {"LOG_UNLISTED"},
    remove_all: {"NO_DIGESTS"},
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_every_attack_is_noticed(attack: Callable[[Trail], None]) -> None:
    trail = Trail()
    attack(trail)
    assert codes(trail) == ATTACKS[attack]


def test_a_log_file_that_only_an_unverified_digest_names_is_not_proven() -> None:
    trail = Trail()
    keep_an_old_signature(trail)
    assert trail.logs[2] not in examined(trail).logs


def backfilled(trail: Trail) -> tuple[str, str]:
    _, first = trail.add_backfill(START + HOUR, None, START + HOUR + timedelta(minutes=30))
    return trail.add_backfill(START + 2 * HOUR, first, START + 2 * HOUR + timedelta(minutes=30))


def test_backfill_digests_are_a_chain_of_their_own_that_names_what_came_late() -> None:
    trail = Trail()
    late, _ = backfilled(trail)
    chain = examined(trail)
    assert not chain.faults
    assert late in chain.logs
    assert len(chain.hours) == trail.hours
    assert not compare(chain, trail.found())


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (lambda trail, late, digest: trail.objects.pop(trail.digests[-2]), "DIGEST_MISSING"),
        (lambda trail, late, digest: trail.objects.pop(late), "LOG_MISSING"),
        (lambda trail, late, digest: trail.signatures.update({digest: "00"}), "SIGNATURE"),
        (lambda trail, late, digest: trail.signatures.update({trail.digests[-2]: "00"}), "PREVIOUS_SIGNATURE"),
        (lambda trail, late, digest: trail.objects.pop(digest), "LOG_UNLISTED"),
    ],
)
def test_an_attack_on_backfill_digests_is_noticed(attack: Callable[..., object], code: str) -> None:
    trail = Trail()
    late, digest = backfilled(trail)
    attack(trail, late, digest)
    assert code in codes(trail)


def test_truncation_within_the_period_is_noticed_by_what_the_trail_delivered_last() -> None:
    trail = Trail(hours=8)
    drop_newest(trail)
    assert codes(trail, last=START + 4 * HOUR, newest=START + 8 * HOUR) == {"NEWEST_MISSING"}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"digestStartTime": 5}', b"[" * 100_000, b'{"a": 1, "a": 2}'],
)
def test_what_is_no_digest_is_a_fault_and_nothing_worse(body: bytes) -> None:
    trail = Trail()
    trail.objects[trail.digests[5]] = gzip.compress(body)
    assert "DIGEST_UNREADABLE" in codes(trail)


def test_hours_without_a_zone_are_unreadable() -> None:
    trail = Trail()
    rewritten(trail, 5, lambda stated: stated.update(digestEndTime="2026-10-01T06:00:00"), sign=True)
    assert "DIGEST_UNREADABLE" in codes(trail)


def test_keys_of_the_test_are_those_of_the_documentation() -> None:
    moment = datetime.fromisoformat("2026-10-01T08:01:31+00:00")
    assert digest_key(moment).endswith("_CloudTrail-Digest_eu-central-1_audit_eu-central-1_20261001T080131Z.json.gz")
    assert log_key(moment).endswith("_CloudTrail_eu-central-1_20261001T0801Z_AAAAAAAAAAAAAAAA.json.gz")
    assert text_of(moment) == "2026-10-01T08:01:31Z"
