"""Reading log files in several processes: Python decodes in one thread at a time, and decoding is most of the work.

A worker is a process of our own that takes paths and gives segments (`infra.log_worker`). Whatever becomes of it, the
result is the same: a file it does not answer for is read here.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import queue
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from infra.limits import MIB, Limits
from infra.log_reading import Segment, read_segments, read_whole

#: Gives the segments of a file, at least one; may wait for them.
Read: TypeAlias = Callable[[], Iterator[Segment]]

#: Starting two processes takes about as long as they save in reading this much.
WORTH_A_WORKER = 6 * MIB
#: A larger file is read here, in segments, so that no process holds all of it.
TOO_LARGE = 64 * MIB
AHEAD_PER_WORKER = 32
LENGTH = struct.Struct("<Q")


class LogReaders:
    """Reads files, in worker processes as soon as there is enough to read; leaving the block ends them."""

    def __init__(self, limits: Limits, workers: int) -> None:
        self._limits, self._workers = limits, workers
        self._asked = 0
        self._pool: ThreadPoolExecutor | None = None
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._all:
            worker.end()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def ahead(self) -> int:
        """Return how many files to ask for before waiting for the first."""
        return self._workers * AHEAD_PER_WORKER

    def expect(self, size: int) -> None:
        """Know that so many bytes more are about to be asked for."""
        self._asked += size

    def submit(self, path: Path, size: int) -> Read:
        """Ask for a file of `size` bytes; what is returned gives its segments, and is to be called once."""
        if self._workers < 2 or self._asked < WORTH_A_WORKER or size > TOO_LARGE:
            return lambda: self._here(path)
        answer = self._started().submit(self._ask, path)
        return lambda: self._answered(answer, path)

    def _started(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._all = [_Worker(limits) for limits in repeat(self._limits, self._workers)]
            for worker in self._all:
                self._idle.put(worker)
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="log-reader")
        return self._pool

    def _ask(self, path: Path) -> Segment | None:
        worker = self._idle.get()
        try:
            return worker.ask(path)
        finally:
            self._idle.put(worker)

    def _answered(self, answer: Future[Segment | None], path: Path) -> Iterator[Segment]:
        segment = answer.result()
        return self._here(path) if segment is None else iter((segment,))

    def _here(self, path: Path) -> Iterator[Segment]:
        whole = read_whole(path, self._limits)
        return read_segments(path, self._limits) if whole is None else iter((whole,))


class _Worker:
    """One process. It has a session of its own, so that an interruption ends it through us and not beside us."""

    def __init__(self, limits: Limits) -> None:
        # -P: a folder called like one of our packages, where the audit is run, must not be imported.
        command = [sys.executable, "-P", "-m", "infra.log_worker", json.dumps(asdict(limits))]
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return

    def ask(self, path: Path) -> Segment | None:
        """Return what a file says, or None where this process cannot tell."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            process.stdin.flush()
            (length,) = LENGTH.unpack(process.stdout.read(LENGTH.size))
            answer = process.stdout.read(length)
            if len(answer) != length:
                raise EOFError
        except (OSError, EOFError, struct.error, ValueError):
            # Half an answer may be on its way: nothing else that comes from there can be told apart.
            self.end()
            return None
        parts = marshal.loads(answer)  # noqa: S302 - written by a process of our own, through a pipe nobody else has
        return None if parts is None else Segment(*parts)

    def end(self) -> None:
        """End the process and forget it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
