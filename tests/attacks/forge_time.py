"""Forgeries of time: stamps and archive lists removed, swapped, by strangers, or ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evidence import archive, layout
from evidence.sealing import CadesSeal
from tests.attacks.again import TRUSTED, bare, minus, rearchived, sealed_by, unstamped
from tests.attacks.parts import pack, unpack
from tests.evidence import doubly, pki

FIRST_LIST, SECOND_LIST = archive.list_name(1), archive.list_name(2)
CADES_STAMP, STATEMENT_STAMP = f"{layout.CADES}.tsr", f"{layout.STATEMENT}.tsr"
COPIES = (layout.KEY_P256, layout.KEY_ML_DSA_65)


def remove_every_stamp(good: bytes) -> bytes:
    rest = unstamped(unpack(good))
    return pack(rest | {layout.CADES: pki.seal_keys().maker().seal(rest["tagmanifest-sha256.txt"])})


def remove_one_stamp(good: bytes) -> bytes:
    return pack(minus(good, [CADES_STAMP]))


def remove_the_other_stamp(good: bytes) -> bytes:
    return pack(minus(good, [STATEMENT_STAMP]))


def remove_stamped_seal(good: bytes) -> bytes:
    return pack(minus(good, [layout.CADES, "seal/ltv/01.crl", *COPIES]))


def swap_stamps(good: bytes) -> bytes:
    files = unpack(good)
    swapped = {CADES_STAMP: files[STATEMENT_STAMP], STATEMENT_STAMP: files[CADES_STAMP]}
    return rearchived(files | swapped)


def stamp_by_authority_of_the_same_name(good: bytes) -> bytes:
    stranger = pki.At(lambda: pki.time_keys("First Time", pki.MADE, 12, 0xBAD7), pki.STAMPED)
    files = unpack(good)
    return rearchived(files | {CADES_STAMP: stranger.stamp(files[layout.CADES])})


def stamp_with_a_seal_certificate(good: bytes) -> bytes:
    own = pki.first()
    wrong = replace(own, certificate=pki.not_for_time(own))
    files = unpack(good)
    return rearchived(files | {CADES_STAMP: pki.At(lambda: wrong, pki.STAMPED).stamp(files[layout.CADES])})


def stamp_of_the_future(good: bytes) -> bytes:
    later = pki.At(pki.first, datetime(2030, 1, 1, tzinfo=UTC))
    files = unpack(good)
    return rearchived(files | {CADES_STAMP: later.stamp(files[layout.CADES])})


def stamp_inside_alone(good: bytes) -> bytes:
    """The seal's own stamp stays when those beside it are gone, and proves nothing by itself."""
    return pack(unstamped(unpack(good)))


def swap_stamp_inside(good: bytes) -> bytes:
    class Stranger(pki.Inner):
        def answer(self, request: bytes) -> bytes:
            return pki.Inner(lambda: pki.time_keys("First Time", pki.MADE, 12, 0xBAD7), self.at).answer(request)

    own = pki.seal_keys()
    maker = pki.CadesMaker(pki.LocalSigner(own.key), (own.certificate, own.root), Stranger(pki.first, pki.STAMPED))
    steps = [CadesSeal(maker) if isinstance(step, CadesSeal) else step for step in doubly.steps()]
    return sealed_by(good, steps)


def remove_archive(good: bytes) -> bytes:
    return pack(minus(good, [FIRST_LIST, f"{FIRST_LIST}.tsr"]))


def remove_archive_list(good: bytes) -> bytes:
    return pack(minus(good, [FIRST_LIST]))


def remove_archive_stamp(good: bytes) -> bytes:
    return pack(minus(good, [f"{FIRST_LIST}.tsr"]))


def swap_archive(good: bytes) -> bytes:
    other = unpack(doubly.seal_bytes(tool="0.2.0"))
    return pack(unpack(good) | {name: other[name] for name in (FIRST_LIST, f"{FIRST_LIST}.tsr")})


def shorten_archive_list(good: bytes) -> bytes:
    files = unpack(good)
    lines = files[FIRST_LIST].splitlines(keepends=True)
    return pack(files | archive.stamped(FIRST_LIST, b"".join(lines[1:]), TRUSTED))


def skip_archive_number(good: bytes) -> bytes:
    files = unpack(good)
    return pack(files | archive.stamped(archive.list_name(3), files[FIRST_LIST], TRUSTED))


def skip_stamp_number(good: bytes) -> bytes:
    files = unpack(good)
    return rearchived(files | {f"{layout.CADES}.3.tsr": files[CADES_STAMP]})


def let_the_authority_end(good: bytes) -> bytes:
    return good


def renew_too_late(good: bytes) -> bytes:
    files = unpack(good)
    digests = {name: archive.sha256_hex(data) for name, data in files.items() if name not in bare(files)}
    digests["tagmanifest-sha256.txt"] = archive.sha256_hex(files["tagmanifest-sha256.txt"])
    return pack(files | archive.next_list(digests, [pki.At(pki.second, datetime(2038, 6, 1, tzinfo=UTC))]))


def let_the_signer_end_without_trusted_time(good: bytes) -> bytes:
    return sealed_by(good, doubly.steps(None))


def claim_a_time_after_the_stamp(good: bytes) -> bytes:
    return sealed_by(good, doubly.steps(), sealed_at=pki.STAMPED + timedelta(hours=1))


def seal_before_the_certificate(good: bytes) -> bytes:
    return sealed_by(good, doubly.steps(stampers=[pki.At(pki.early, pki.MADE - timedelta(days=1))]))


def show_it_beyond_its_age(good: bytes) -> bytes:
    return good


def stamp_twice_by_one_authority(good: bytes) -> bytes:
    """Two stamps, as the policy demands, and both of them under one root."""
    again = pki.At(pki.first, pki.STAMPED + timedelta(seconds=1))
    files = unpack(good)
    return rearchived(files | {f"{name}.2.tsr": again.stamp(files[name]) for name in (layout.CADES, layout.STATEMENT)})


def be_sealed_by_somebody_else(good: bytes) -> bytes:
    return good


def bring_lists_without_a_seal(good: bytes) -> bytes:
    return pack(
        minus(good, [layout.CADES, CADES_STAMP, f"{FIRST_LIST}", f"{FIRST_LIST}.tsr", STATEMENT_STAMP, *COPIES])
    )
