"""The logs of breach cases on disk: one file a case that only grows, a register of their heads, one lock for all.

A line counts once it is whole on the disk; only then does the register say so. A crash in between leaves a log one
line ahead of the register, which is taken in; a log that is behind it, or further ahead, was tampered with
(`evidence.case_log` says what else is detected, and what is not). So was a log without a register, which is there,
signed and empty, before the first line of the first case. A torn last line never counted and is overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from evidence.bundle import flush_folder
from evidence.case_log import (
    CASE,
    MAX_LINE_BYTES,
    Head,
    Keys,
    Line,
    Said,
    read_lines,
    read_register,
    split,
    write_line,
    write_register,
)
from evidence.errors import BrokenCaseLog, LimitExceeded, OutputFailed
from evidence.signer import Signer

REGISTER, LOCK, SUFFIX = "register.json", "lock", ".jsonl"
MAX_LOG_BYTES = 64 * 1024 * 1024
MAX_CASES = 10_000

#: What is to be appended to which case, decided while nobody else can write.
Decide = Callable[[Mapping[str, Sequence[Line]]], Sequence[tuple[str, Said]]]


class CaseFiles:
    """The folder `.probity/cases`. Processes may read and write it at the same time; `BrokenCaseLog` where it fails.

    Without a signer it can only be read.
    """

    def __init__(self, root: Path, signer: Signer | None, keys: Keys) -> None:
        self._root, self._signer, self._keys = root, signer, keys

    def read(self) -> dict[str, tuple[Line, ...]]:
        """Return the verified lines of every case; none where there never was one."""
        if not self._root.is_dir():
            return {}
        with self._locked(fcntl.LOCK_SH):
            return self._all()[0]

    def read_one(self, case: str) -> tuple[Line, ...]:
        """Return the verified lines of one case; none where there is no such case."""
        if not self._root.is_dir() or not CASE.fullmatch(case):
            return ()
        with self._locked(fcntl.LOCK_SH):
            return self._one(case, self._register())[0]

    def change(self, decide: Decide, only: str | None = None) -> dict[str, tuple[Line, ...]]:
        """Append what `decide` answers to all cases as they are now (or to the `only` one it is shown).

        Nobody writes in between; what `decide` raises leaves everything as it was. Returns the cases afterwards.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with self._locked(fcntl.LOCK_EX):
                heads = self._register()
                logs, lengths = self._all() if only is None else _single(only, self._one(only, heads))
                steps = decide(logs)
                if steps and not heads:
                    self._write_register(heads)
                for case, said in steps:
                    line, length = self._append(case, lengths.get(case, 0), logs.get(case, ()), said)
                    logs[case], lengths[case] = (*logs.get(case, ()), line), length
                    heads[case] = line.head
                    self._write_register(heads)
                return logs
        except OSError as cause:
            raise self._failed("write", cause) from cause

    def _append(self, case: str, length: int, lines: Sequence[Line], said: Said) -> tuple[Line, int]:
        data, line = write_line(case, lines[-1].head if lines else None, said, self._signing())
        descriptor = os.open(self._root / f"{case}{SUFFIX}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(length)  # a line that a crash tore
            file.seek(length)
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not lines:
            flush_folder(self._root)
        return line, length + len(data) + 1

    def _signing(self) -> Signer:
        if self._signer is None:
            raise TypeError("these cases were opened to be read")
        return self._signer

    def _write_register(self, heads: Mapping[str, Head]) -> None:
        partial = self._root / f".{REGISTER}.{secrets.token_hex(4)}"
        try:
            with partial.open("xb") as file:
                file.write(write_register(heads, self._signing()))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._root / REGISTER)
        finally:
            partial.unlink(missing_ok=True)
        flush_folder(self._root)

    def _register(self) -> dict[str, Head]:
        try:
            data = (self._root / REGISTER).read_bytes()
        except FileNotFoundError:
            self._refuse_lines()
            return {}
        except OSError as cause:
            raise self._failed("read", cause) from cause
        return read_register(data, self._keys)

    def _refuse_lines(self) -> None:
        """Raise `BrokenCaseLog` where there is a whole line and no register, which every first line finds there."""
        for path in self._root.glob(f"case-*{SUFFIX}"):
            with path.open("rb") as file:
                if b"\n" in file.read(MAX_LINE_BYTES + 1):
                    raise BrokenCaseLog("CASE_LOG_CUT", f"{path.stem}: the register of cases was removed")

    def _all(self) -> tuple[dict[str, tuple[Line, ...]], dict[str, int]]:
        heads = self._register()
        named = {p.name.removesuffix(SUFFIX) for p in self._root.glob(f"case-*{SUFFIX}")} | set(heads)
        if len(named) > MAX_CASES:
            raise LimitExceeded(f"more than {MAX_CASES} cases in {self._root.name}")
        logs: dict[str, tuple[Line, ...]] = {}
        lengths: dict[str, int] = {}
        for case in sorted(named):
            lines, lengths[case] = self._one(case, heads)
            if lines:
                logs[case] = lines
        return logs, lengths

    def _one(self, case: str, heads: Mapping[str, Head]) -> tuple[tuple[Line, ...], int]:
        """Return the lines of a case and the bytes they take, in step with the register."""
        try:
            with (self._root / f"{case}{SUFFIX}").open("rb") as file:
                data = file.read(MAX_LOG_BYTES + 1)
        except FileNotFoundError:
            data = b""
        except OSError as cause:
            raise self._failed("read", cause) from cause
        if len(data) > MAX_LOG_BYTES:
            raise LimitExceeded(f"{case}: its log is longer than {MAX_LOG_BYTES} bytes")
        raw, length = split(data)
        lines = read_lines(case, raw, self._keys)
        head = heads.get(case)
        known = 0 if head is None else head.seq
        if not known <= len(lines) <= known + 1:
            what = "lines were removed from its end" if len(lines) < known else "the register was put back or removed"
            raise BrokenCaseLog("CASE_LOG_CUT", f"{case}: {len(lines)} lines, and the register has {known}: {what}")
        if head is not None and lines[known - 1].head != head:
            raise BrokenCaseLog("CASE_LOG_CUT", f"{case}, line {known}: the register has another line")
        return lines, length

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        try:
            descriptor = os.open(self._root / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as cause:
            if self._signer is None:  # a copy on a medium that nobody writes to
                yield
                return
            raise self._failed("lock", cause) from cause
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _failed(self, verb: str, cause: OSError) -> OutputFailed:
        return OutputFailed(f"cannot {verb} the cases in {self._root}: {cause.strerror or cause}")


def _single(case: str, found: tuple[tuple[Line, ...], int]) -> tuple[dict[str, tuple[Line, ...]], dict[str, int]]:
    return ({case: found[0]} if found[0] else {}), {case: found[1]}
