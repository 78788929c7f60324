"""Seal an audit: payload to files, manifests, signed statement and one ZIP that appears whole or not at all."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from evidence import manifest, statement
from evidence.container import Member, chunks_of, measure, write_container
from evidence.errors import OutputFailed
from evidence.sealing import Draft, Sealing, run_steps
from evidence.statement import StatementFacts
from evidence.verification import StepOutcome
from evidence.verify import verify


def seal_bundle(out: Path, payload: Mapping[str, bytes | Path], facts: StatementFacts, sealing: Sealing) -> Path:
    """Measure and hash the payload, whose keys are paths below data/, and seal it as `seal_members` does."""
    _refuse_existing(out)  # before hashing for minutes
    return seal_members(out, measured(payload), facts, sealing)


def measured(payload: Mapping[str, bytes | Path]) -> list[Member]:
    """Return the payload as members of a bundle, measured and hashed; the keys are paths below data/."""
    return [measure(manifest.DATA + name, source) for name, source in payload.items()]


def seal_members(
    out: Path,
    payload: Sequence[Member],
    facts: StatementFacts,
    sealing: Sealing,
    made: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """Write the sealed bundle to `out` and return it.

    1. make the manifests; 2. run the steps of the sealing over the tag manifest, after what an earlier attempt with the
    same payload and facts `made`; 3. write the container beside `out` and flush it; 4. verify it as a reader would;
    5. move it into place. Equal input gives equal bytes with a deterministic sealing. OutputFailed when `out` exists,
    when something cannot be read or written, or when the result would not verify; LimitExceeded names the limit. On any
    failure, an interrupt included, nothing is left behind.
    """
    _refuse_existing(out)
    members = [*payload, *_tag_members(payload, facts)]  # 1
    tag_manifest = next(m for m in members if m.name == manifest.TAG_MANIFEST)
    draft = run_steps(sealing.steps, Draft(facts, b"".join(chunks_of(tag_manifest.source)), made))  # 2
    members += [measure(name, data) for name, data in draft.files.items()]
    with placed(out) as (file, partial):
        write_container(file, members)  # 3
        file.flush()
        os.fsync(file.fileno())
        _check_own_work(partial, sealing)  # 4
    return out  # 5: done on leaving `placed`


def instructions() -> bytes:
    """Return VERIFY.md, the commands by which a stranger checks a bundle without this program."""
    return resources.files("evidence").joinpath(manifest.INSTRUCTIONS).read_bytes()


def _tag_members(payload: Sequence[Member], facts: StatementFacts) -> list[Member]:
    contents = {
        manifest.DECLARATION: manifest.DECLARATION_BYTES,
        manifest.INFO: statement.bag_info(facts),
        manifest.MANIFEST: manifest.render({m.name: m.sha256 for m in payload}),
        manifest.INSTRUCTIONS: instructions(),
    }
    tags = [measure(name, data) for name, data in contents.items()]
    return [*tags, measure(manifest.TAG_MANIFEST, manifest.render({m.name: m.sha256 for m in tags}))]


@contextmanager
def placed(out: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Yield a new file beside `out` that takes its place, durably, when the block ends well."""
    _refuse_existing(out)
    try:
        file, partial = _open_partial(out)
        try:
            with file:
                yield file, partial
            _refuse_existing(out)
            os.replace(partial, out)  # noqa: PTH105 - named as the atomic primitive it is
            flush_folder(out.parent)
        finally:
            partial.unlink(missing_ok=True)  # gone already when it took its place
    except OSError as cause:
        raise OutputFailed(f"{out}: cannot be written ({cause.strerror})") from cause


def _open_partial(out: Path) -> tuple[BinaryIO, Path]:
    for number in itertools.count():
        partial = out.with_name(f".{out.name}.{number}.partial")
        try:
            return partial.open("xb"), partial
        except FileExistsError:
            continue  # left by a process that was killed, or in use by another
    raise OutputFailed(f"{out}: no free temporary name")


def _refuse_existing(out: Path) -> None:
    if os.path.lexists(out):
        raise OutputFailed(f"{out}: already exists; a sealed bundle is never overwritten, choose another name")


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_own_work(partial: Path, sealing: Sealing) -> None:
    verification = verify(partial, sealing.trust, at=sealing.now())
    if not verification.verified:
        failed = next(step for step in verification.steps if step.outcome is not StepOutcome.PASSED and step.reason)
        failed = next((step for step in verification.steps if step.outcome is StepOutcome.FAILED), failed)
        where = f"step {failed.step} {failed.name}, {failed.reason}: {failed.detail}"
        raise OutputFailed(f"the bundle was not sealed because it would not verify ({where})")
