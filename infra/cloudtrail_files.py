"""Delivered CloudTrail log files into rows: every record is a row, not relevant, a duplicate or unreadable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from evidence.locker import Batch
from infra.decompress import is_gzip
from infra.folder import Folder
from infra.listing import Entry
from infra.log_cache import LogCache
from infra.log_merge import EvenPart, LogFile, LogMerge
from infra.log_readers import LogReaders
from infra.log_reading import Segment
from infra.log_tables import FAMILIES, TypedSegment
from infra.source import Gathering, Source
from infra.tally import Tally

SUFFIXES = tuple(f"{kind}{packed}" for kind in (".json", ".jsonl", ".ndjson") for packed in ("", ".gz"))

#: Parts of a path that say what a file is instead of a log of API calls.
OTHER_KINDS = {
    "CloudTrail-Digest": "a digest of log files",
    "CloudTrail-Insight": "insights, not API calls",
    "BedrockModelInvocationLogs": "model invocation logs hold prompts and are not read",
    "amazon-bedrock-logs-permission-check": "a permission check without records",
}

_Read: TypeAlias = Callable[[], Iterator[Segment | TypedSegment]]


def gather_cloudtrail(source: Source, configured: str, gathering: Gathering) -> None:
    """Store and read every log file below a folder; the folder's card names every file that is none."""
    gather_logs(Folder(gathering, source, configured))


def gather_logs(folder: Folder) -> None:
    """Store and read every log file of a folder, wherever its files were fetched from."""
    source, gathering = folder.source, folder.gathering
    with ExitStack() as stack:
        parts = {name: stack.enter_context(gathering.part(name)) for name in FAMILIES}
        normalisers = {name: stack.enter_context(gathering.normaliser(name, source.kind)) for name in FAMILIES}
        even = {name: EvenPart(part, gathering.limits.batch_rows) for name, part in parts.items()}
        cache = None if gathering.cache is None else LogCache(gathering.cache, gathering.limits)
        gatherer = _Gatherer(folder, cache)
        merge = LogMerge(normalisers, even, gathering.limits, gatherer.finish)
        gatherer.gather(merge, stack)
        if gatherer.read_anything:
            for name, part in parts.items():
                even[name].finish()
                gathering.keep_part(name, part)
    folder.finish()


def _why_not(name: str) -> str:
    for marker, why in OTHER_KINDS.items():
        if marker in name:
            return why
    return "" if name.lower().endswith(SUFFIXES) else f"not called {', '.join(SUFFIXES)}"


@dataclass(slots=True)
class _Gatherer:
    folder: Folder
    cache: LogCache | None
    read_anything: bool = False

    def gather(self, merge: LogMerge, stack: ExitStack) -> None:
        """Store files and have them read some way ahead of merging them."""
        gathering = self.folder.gathering
        batch = stack.enter_context(gathering.locker.batch())
        readers = stack.enter_context(LogReaders(gathering.limits, gathering.workers))
        ahead: deque[tuple[LogFile, _Read]] = deque()
        for log in self._stored(batch):
            known = None if self.cache is None else self.cache.get(log.stored.sha256)
            if known is None:
                ahead.append((log, readers.submit(batch.path(log.stored.sha256), log.stored.size)))
            else:
                ahead.append((log, partial(iter, (known,))))
            if len(ahead) > readers.ahead:
                _merge(merge, *ahead.popleft())
        while ahead:
            _merge(merge, *ahead.popleft())
        merge.flush()

    def finish(self, log: LogFile) -> None:
        """Keep what a file says, and add its card."""
        if self.cache is not None and log.typed is not None:
            self.cache.keep(log.stored.sha256, log.typed)
        self.folder.gathering.add_card(
            self.folder.source,
            log.stored,
            log.tally,
            started=log.started,
            address=self.folder.address(log.entry.name),
            media_type=log.media_type,
            families=FAMILIES,
            custody=self.folder.custody_of(log.entry.name),
        )

    def _stored(self, batch: Batch) -> Iterator[LogFile]:
        gathering = self.folder.gathering
        for done, entry in enumerate(self.folder.entries, start=1):
            why = _why_not(entry.name)
            if why:
                self.folder.skip(entry.name, why)
            elif (log := self._store(entry, batch)) is not None:
                yield log
            gathering.progress(self.folder.source.kind, done, len(self.folder.entries))

    def _store(self, entry: Entry, batch: Batch) -> LogFile | None:
        gathering = self.folder.gathering
        started = gathering.now()
        stored = self.folder.store(entry, limit=gathering.limits.log_object, families=FAMILIES, into=batch)
        if stored is None:
            return None
        self.read_anything = True
        media_type = "application/gzip" if is_gzip(batch.path(stored.sha256)) else "application/json"
        return LogFile(entry, stored, started, media_type, Tally(entry.name, gathering.limits))


def _merge(merge: LogMerge, log: LogFile, read: _Read) -> None:
    """Give all segments of a file to the merge; which one is the last shows only when there is no other."""
    segments = read()
    segment = next(segments)
    for following in segments:
        merge.add(log, segment, last=False)
        segment = following
    merge.add(log, segment, last=True)
