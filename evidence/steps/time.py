"""Step 4: when the seals are proven to have existed."""

from __future__ import annotations

from datetime import datetime

from evidence import archive, layout, ltv, timestamp
from evidence.certificates import Chain
from evidence.errors import BadTimestamp
from evidence.examination import Examination, NotRun
from evidence.manifest import MAX_MANIFEST_BYTES
from evidence.model import instant_text
from evidence.timestamp import Authorities
from evidence.verification import ProvenTime

MAX_SEAL_BYTES = 128 * 1024

UNSTAMPED = "when it was sealed: no trusted time stamp, the time given is the signer's own clock"


def trusted_time(examination: Examination) -> str:
    """Verify the time stamps from the newest archive stamp inwards, each at the time that the one around it proves.

    1. there are stamps, roots to check them against, and a time to start from; 2. each archive list names exactly what
    it covers, and every stamp over it holds; 3. so does every stamp over the seals; 4. as many authorities as demanded.
    """
    policy = examination.trusted().policy
    stamped = layout.stamps_of(layout.STATEMENT, examination.opened().entries)
    if not stamped:  # 1
        examination.proved.open.append(UNSTAMPED)
        if policy.time == "local-clock":
            raise NotRun("NOT_DEMANDED", "no trusted time: the policy accepts the signer's own clock")
        raise BadTimestamp("TIMESTAMP_MISSING", f"the policy demands {policy.time} and there is no stamp")
    if not examination.trusted().tsa_roots:
        raise BadTimestamp("NO_TSA_ROOTS", "the bundle is stamped, and the trust folder has no tsa-roots.pem")
    if examination.at is None:
        raise BadTimestamp("NO_VERIFICATION_TIME", "stamps are checked as of a time: pass --at with the time now")
    archived = ltv.read(examination)
    outer = examination.at
    for name in reversed(archive.lists_in(examination.digests)):  # 2
        archive.check(name, examination.read(name, MAX_MANIFEST_BYTES), examination.digests)
        outer = _check_stamps(examination, name, archived, outer)
    examination.archived_by = outer
    sealed = max(_check_stamps(examination, name, archived, outer) for name in _seals(examination))  # 3
    _demand_authorities(examination, policy.authorities)  # 4
    return _conclude(examination, archived, sealed)


def _seals(examination: Examination) -> tuple[str, ...]:
    return tuple(name for name in (layout.CADES, layout.STATEMENT) if examination.has(name))


def _check_stamps(examination: Examination, name: str, archived: Authorities, outer: datetime) -> datetime:
    """Return the time by which all stamps over a member agree that it existed: the latest of them."""
    covered = examination.read(name, MAX_MANIFEST_BYTES)
    times: list[datetime] = []
    for stamp_name in layout.stamps_of(name, examination.digests):
        stamp = timestamp.read(examination.read(stamp_name, timestamp.MAX_STAMP_BYTES), covered, stamp_name)
        examination.stamp_chains[stamp_name] = timestamp.check(stamp, archived, outer, stamp_name)
        times.append(stamp.time)
    return max(times)


def _demand_authorities(examination: Examination, demanded: int) -> None:
    for name in _seals(examination):
        chains: list[Chain] = [examination.stamp_chains[s] for s in layout.stamps_of(name, examination.digests)]
        if len({chain[-1] for chain in chains}) < demanded:
            raise BadTimestamp("TOO_FEW_AUTHORITIES", f"{name}: the policy demands stamps under {demanded} roots")


def _conclude(examination: Examination, archived: Authorities, sealed: datetime) -> str:
    proved = examination.proved
    examination.sealed_by = sealed
    proved.time = ProvenTime(proven=instant_text(sealed), source=examination.trusted().policy.time_level)
    proved.time_level = examination.trusted().policy.time_level
    if not all(timestamp.has_revocation(chain, archived) for chain in examination.stamp_chains.values()):
        proved.open.append(
            "that no authority's own certificate was withdrawn: no revocation list of its issuer is archived"
        )
    lists = len(archive.lists_in(examination.digests))
    return f"{len(examination.stamp_chains)} stamps, {lists} archive lists: sealed by {instant_text(sealed)}"
