"""How much of an untrusted input is read: every bound by name, in one place, in bytes unless it says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one gathering; tests pass smaller ones.

    A compressed stream may grow to `inflation` times its size, and in any case to `inflated_free`: real logs reach
    a factor of about fifty, a gzip bomb a thousand. `record` is one JSON value of a log document; CloudTrail's own are
    at most 256 KiB. `depth` is how deep a value of a log document may nest. After `unreadable` records that cannot be
    read, the rest of an artefact is left: nobody learns more from the next, and each costs time. `silence` is
    the seconds without a byte after which a connection is given up.
    """

    artefact: int = 16 * GIB
    log_object: int = 2 * GIB
    document: int = 100 * MIB
    inflated: int = 256 * GIB
    inflation: int = 250
    inflated_free: int = 64 * MIB
    line: int = 16 * MIB
    record: int = 4 * MIB
    batch: int = 64 * MIB
    batch_rows: int = 65_536
    parquet_rows: int = 1_000_000_000
    files: int = 100_000
    depth: int = 300
    unreadable: int = 100_000
    places: int = 100
    problems: int = 100
    silence: float = 30.0
