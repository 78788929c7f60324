"""Reading log files in several processes: Python decodes in one thread at a time, and decoding is most of the work.

A worker is a process of our own that takes paths and gives segments (`infra.log_worker`). Whatever becomes of it, the
result is the same: a file it does not answer for is read here, and so is one that nobody has begun with when it is due.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import queue
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from evidence.errors import ProbityError
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
#: An answer that fits into a pipe needs nobody to wait at the other end, who may be busy.
PIPE_BYTES = MIB


#: So many files are with a worker at once, so that it need not wait for whoever takes its answers.
IN_FLIGHT = 4


class Asked(NamedTuple):
    """A file that a worker may be asked for, and its segment, if it is one: as such, or as another process wrote it."""

    path: Path
    answer: Future[Segment | bytes | None]


#: Files to be asked for in their order; None ends the asking.
Queue: TypeAlias = "queue.SimpleQueue[Asked | None]"


class LogReaders:
    """Reads files, in processes beside this one as soon as there is enough to read; leaving the block ends them.

    Of so many `workers` this process is one: it reads what the others have not come to.
    """

    def __init__(self, limits: Limits, workers: int) -> None:
        self._limits, self._workers = limits, workers
        self._expected = 0
        self._asked: Queue = queue.SimpleQueue()
        self._others: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for _ in self._others:
            self._asked.put(None)
        for worker in self._others:
            worker.end()

    @property
    def ahead(self) -> int:
        """Return how many files to ask for before waiting for the first."""
        return self._workers * AHEAD_PER_WORKER

    def expect(self, size: int) -> None:
        """Know that so many bytes more are about to be asked for."""
        self._expected += size

    def submit(self, path: Path, size: int) -> Read:
        """Ask for a file of `size` bytes; what is returned gives its segments, and is to be called once."""
        if self._workers < 2 or self._expected < WORTH_A_WORKER or size > TOO_LARGE:
            return lambda: self._here(path)
        if not self._others:
            self._others = [Worker(self._limits, self._asked) for _ in range(self._workers - 1)]
        asked = Asked(path, Future())
        self._asked.put(asked)
        return lambda: self._answered(asked)

    def _answered(self, asked: Asked) -> Iterator[Segment]:
        while not asked.answer.done() and self._read_another():
            pass
        answer = asked.answer.result()
        if isinstance(answer, bytes):
            # Written by a process of our own, through a pipe that nobody else has.
            parts = marshal.loads(answer)  # noqa: S302
            answer = None if parts is None else Segment(*parts)
        return self._here(asked.path) if answer is None else iter((answer,))

    def _read_another(self) -> bool:
        """Read the next file that nobody has begun with, if there is one, instead of waiting for others."""
        try:
            asked = self._asked.get_nowait()
        except queue.Empty:
            return False
        if asked is not None:
            answer = None
            with contextlib.suppress(ProbityError):  # it will be met again when the file is due
                answer = read_whole(asked.path, self._limits)
            asked.answer.set_result(answer)
        return asked is not None

    def _here(self, path: Path) -> Iterator[Segment]:
        whole = read_whole(path, self._limits)
        return read_segments(path, self._limits) if whole is None else iter((whole,))


class Worker:
    """One process. It has a session of its own, so that an interruption ends it through us and not beside us."""

    def __init__(self, limits: Limits, asked: Queue) -> None:
        # -P: a folder called like one of our packages, where the audit is run, must not be imported.
        command = [sys.executable, "-P", "-m", "infra.log_worker", json.dumps(asdict(limits))]
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pipesize=PIPE_BYTES,
            )
        self._lost = False
        self._asking = threading.Thread(target=self._ask, args=(asked,), name="log-reader", daemon=True)
        self._asking.start()

    def end(self) -> None:
        """End the process; what it was asked for and has not answered is answered with nothing."""
        if self._process is not None:
            self._process.kill()
        self._asking.join()
        if self._process is not None:
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _ask(self, asked: Queue) -> None:
        sent: deque[Asked] = deque()
        open_ = True
        while open_ or sent:
            while open_ and len(sent) < IN_FLIGHT:
                try:
                    one = asked.get(block=not sent)
                except queue.Empty:
                    break
                open_ = one is not None
                if one is not None:
                    self._send(one.path)
                    sent.append(one)
            if sent:
                sent.popleft().answer.set_result(self._received())

    def _send(self, path: Path) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(str(path)).encode() + b"\n")
                self._process.stdin.flush()

    def _received(self) -> bytes | None:
        if self._lost or self._process is None or self._process.stdout is None:
            return None
        try:
            (length,) = LENGTH.unpack(self._process.stdout.read(LENGTH.size))
            answer = self._process.stdout.read(length)
            self._lost = len(answer) != length
        except (OSError, struct.error, ValueError):
            self._lost = True
        # After half an answer, nothing else that comes from there can be told apart.
        return None if self._lost else answer
