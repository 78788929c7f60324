"""Delivered CloudTrail log files into rows: every record is a row, not relevant, a duplicate or unreadable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from evidence.locker import Batch
from infra.decompress import is_gzip
from infra.folder import Folder
from infra.limits import MIB
from infra.listing import Entry
from infra.log_cache import LogCache
from infra.log_groups import LogFile, LogGroup, grouped
from infra.log_merge import LogMerge
from infra.log_parts import LogParts
from infra.log_readers import LogReaders, Read
from infra.log_tables import EVENTS, FAMILIES, noting
from infra.normalise import Normaliser
from infra.source import Gathering, Source
from infra.tally import Tally
from infra.trail_changes import Concerns, any_trail, blinding

SUFFIXES = tuple(f"{kind}{packed}" for kind in (".json", ".jsonl", ".ndjson") for packed in ("", ".gz"))

#: Parts of a path that say what a file is instead of a log of API calls.
OTHER_KINDS = {
    "CloudTrail-Digest": "a digest of log files",
    "CloudTrail-Insight": "insights, not API calls",
    "BedrockModelInvocationLogs": "model invocation logs hold prompts and are not read",
    "amazon-bedrock-logs-permission-check": "a permission check without records",
}
#: Files of so many bytes are asked for before waiting for the first; what they say takes memory.
AHEAD_BYTES = 32 * MIB


def gather_cloudtrail(source: Source, configured: str, gathering: Gathering) -> None:
    """Store and read every log file below a folder; the folder's card names every file that is none."""
    gather_logs(Folder(gathering, source, configured))


def gather_logs(folder: Folder, concerns: Concerns = any_trail) -> None:
    """Store and read every log file of a folder, wherever its files were fetched from.

    `concerns` says of which trails a change makes what these files show no whole.
    """
    source, gathering = folder.source, folder.gathering
    with ExitStack() as stack:
        batch = stack.enter_context(gathering.locker.batch())
        parts = stack.enter_context(LogParts(gathering, FAMILIES))
        readers = stack.enter_context(LogReaders(gathering.limits, gathering.workers))
        typing = Normaliser(EVENTS, source.kind, gathering.token, noted=noting(gathering.noted))
        normaliser = stack.enter_context(typing)
        cache = None if gathering.cache is None else LogCache(gathering.cache, gathering.limits)
        gatherer = _Gatherer(folder, batch, parts, readers, cache, concerns)
        gatherer.gather(LogMerge(normaliser, parts, gatherer.finish))
    folder.finish()


def _why_not(name: str) -> str:
    for marker, why in OTHER_KINDS.items():
        if marker in name:
            return why
    return "" if name.lower().endswith(SUFFIXES) else f"not called {', '.join(SUFFIXES)}"


@dataclass(slots=True)
class _Gatherer:
    folder: Folder
    batch: Batch
    parts: LogParts
    readers: LogReaders
    cache: LogCache | None
    concerns: Concerns
    _done: int = field(default=0, init=False)
    _stored: int = field(default=0, init=False)

    def gather(self, merge: LogMerge) -> None:
        """Store files and have them read some way ahead of merging them."""
        ahead: deque[tuple[int, Callable[[], None]]] = deque()
        waiting = 0
        for group in self._groups():
            for size, step in self._steps(merge, group):
                ahead.append((size, step))
                waiting += size
                while len(ahead) > self.readers.ahead or waiting > AHEAD_BYTES:
                    first, do = ahead.popleft()
                    waiting -= first
                    do()
        for _, do in ahead:
            do()
        merge.flush()
        if self._stored:
            self.parts.complete()

    def finish(self, group: LogGroup) -> None:
        """End the parts of a group, keep what became of it, and add the cards of its files."""
        paths = self.parts.keep()
        if self.cache is not None:
            self.cache.keep(self._place(group), group, [log.tally.counts for log in group.files], paths)
        self._add_cards(group)

    def _steps(self, merge: LogMerge, group: LogGroup) -> Iterator[tuple[int, Callable[[], None]]]:
        """Yield what is to be done for a group one after the other, each with the bytes that wait for it."""
        if self.cache is not None and self.cache.may_have(self._place(group)):
            yield 0, partial(self._again, merge, group)
        else:
            self._expect(group)
            for log in group.files:
                yield log.stored.size, partial(_merge, merge, group, log, self._submit(log))

    def _again(self, merge: LogMerge, group: LogGroup) -> None:
        """Use what was made of a group before, or else read its files."""
        merge.flush()
        kept = self.cache.get(self._place(group), group) if self.cache is not None else None
        if kept is None or not merge.fits(kept.fresh, kept.known):
            self._expect(group)
            for log, read in [(log, self._submit(log)) for log in group.files]:
                _merge(merge, group, log, read)
            return
        group.fresh = kept.fresh
        for log, counts in zip(group.files, kept.counts, strict=True):
            log.tally = Tally(log.tally.name, log.tally.limits, *counts)
        for name, data in kept.parts.items():
            self.parts.take(name, data)
        merge.take(group)
        self._add_cards(group)

    def _expect(self, group: LogGroup) -> None:
        self.readers.expect(sum(log.stored.size for log in group.files))

    def _submit(self, log: LogFile) -> Read:
        return self.readers.submit(self.batch.path(log.stored.sha256), log.stored.size)

    def _place(self, group: LogGroup) -> str:
        return f"{self.folder.configured}\0{group.files[0].entry.name}"

    def _groups(self) -> Iterator[LogGroup]:
        """Store the files of each group and yield those that could be stored."""
        logs: list[Entry] = []
        for entry in self.folder.entries:
            why = _why_not(entry.name)
            if why:
                self.folder.skip(entry.name, why)
                self._progress()
            else:
                logs.append(entry)
        for entries in grouped(logs):
            files = [log for log in map(self._store, entries) if log is not None]
            if files:
                yield LogGroup(files)

    def _store(self, entry: Entry) -> LogFile | None:
        gathering = self.folder.gathering
        started = gathering.now()
        stored = self.folder.store(entry, limit=gathering.limits.log_object, families=FAMILIES, into=self.batch)
        self._progress()
        if stored is None:
            return None
        self._stored += 1
        media_type = "application/gzip" if is_gzip(self.batch.path(stored.sha256)) else "application/json"
        return LogFile(entry, stored, started, media_type, Tally(entry.name, gathering.limits))

    def _progress(self) -> None:
        self._done += 1
        self.folder.gathering.progress(self.folder.source.kind, self._done, len(self.folder.entries))

    def _add_cards(self, group: LogGroup) -> None:
        for log in group.files:
            custody = self.folder.custody_of(log.entry.name)
            for why in blinding(log.tally.changes, self.folder.gathering.period, self.concerns):
                log.tally.problem(why)
                custody = replace(custody, blind=FAMILIES)
            self.folder.gathering.add_card(
                self.folder.source,
                log.stored,
                log.tally,
                started=log.started,
                address=self.folder.address(log.entry.name),
                media_type=log.media_type,
                families=FAMILIES,
                custody=custody,
            )


def _merge(merge: LogMerge, group: LogGroup, log: LogFile, read: Read) -> None:
    """Give all segments of a file to the merge; which one is the last shows only when there is no other."""
    segments = read()
    segment = next(segments)
    for following in segments:
        merge.add(group, log, segment, last=False)
        segment = following
    merge.add(group, log, segment, last=True)
