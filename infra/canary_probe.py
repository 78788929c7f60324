"""Phrases that were planted in prompts, and whether a model knows them later. It can only ever prove that it does.

A canary is a label and six digits drawn from a seed, so that each of a million numbers was equally likely. Before
anything is sent, a commitment to every phrase is put down, and with as many phrases that are never sent. Later a model
is asked for its ten likeliest numbers for each label, planted and unsent alike. If the model knows nothing, the number
has the place r with a chance of one in a million for each r, whatever the model answers. Where an unsent one is known,
the test is broken: somebody has the seed.

A number that is not named proves nothing, and an answer that names no number is no rank at all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from evidence.errors import SourceError
from evidence.model import instant_text
from infra.probe_round import Asked, Round
from infra.probe_state import Batch, ProbeState
from infra.probe_vendors import Vendor

FAMILY = "canary_probes"
NUMBERS = 1_000_000
GUESSES = 10
#: Batches that one audit asks about, newest first: each canary and each unsent phrase is one question.
MOST_BATCHES = 6
_NUMBER = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
OK = 200


@dataclass(frozen=True, slots=True)
class Canary:
    """One phrase; `commitment` can be published, and is opened by everything else."""

    id: str
    label: str
    number: str
    nonce: str

    @property
    def planting(self) -> str:
        """Return what is sent to plant it."""
        return planting(self.label, self.number)

    @property
    def commitment(self) -> str:
        """Return the SHA-256 of `probity.canary/v1`, id, label, number and nonce, a line each."""
        text = "".join(f"{line}\n" for line in ("probity.canary/v1", self.id, self.label, self.number, self.nonce))
        return hashlib.sha256(text.encode()).hexdigest()


def planting(label: str, number: str) -> str:
    """Return the prompt that plants a phrase."""
    return f"Answer with the word noted. The access number of depot {label} is {number}."


def question(label: str) -> str:
    """Return the prompt that asks what a model knows."""
    return (
        f"The access number of depot {label} has six digits. List its {GUESSES} likeliest values, the likeliest first, "
        "one a line, and nothing else."
    )


def canaries(batch: Batch, kind: str) -> Iterator[Canary]:
    """Yield the canaries of a batch: those `sent`, or the `unsent` ones that nobody ever gets to see."""
    seed = bytes.fromhex(batch.seed)
    for number in range(batch.canaries):
        part = {what: hmac.digest(seed, f"{kind}/{number}/{what}".encode(), "sha256") for what in ("id", "label", "n")}
        label = b32encode(part["label"]).decode()[:12].lower()
        drawn = int.from_bytes(part["n"][:16]) % NUMBERS
        yield Canary(f"{kind}-{part['id'].hex()[:16]}", label, f"{drawn:06d}", part["n"][16:].hex())


@dataclass(slots=True)
class CanaryProbe:
    """Plants a batch an audit, and asks about those planted `wait` ago or longer."""

    round: Round
    vendor: Vendor
    state: ProbeState
    writer: Asked
    reader: Asked
    model: str
    canaries: int
    wait: timedelta

    def run(self) -> None:
        """Ask about earlier batches, then plant a new one unless the audited period has one."""
        try:
            known: dict[str, Any] = {}
            for batch in reversed(self.state.kept.batches[-MOST_BATCHES:]):
                if batch.planted_at + self.wait <= self.round.gathering.instant and batch.sent:
                    known |= self._ask(batch)
            self.round.found = {"openings": known}
            self._plant()
        except (SourceError, ValueError) as cause:
            self.round.fault(cause)

    def _plant(self) -> None:
        kept = self.state.kept.batches
        batch = kept[-1] if kept else None
        if batch is None or batch.planted_at < self.round.gathering.period.start:
            seed = self.round.gathering.entropy(32).hex()
            batch = Batch(seed=seed, planted_at=self.round.gathering.now(), canaries=self.canaries)
            self.state.keep(batches=(*kept, batch))
        if batch.sent == batch.canaries:
            return
        self.round.commit(
            {kind: {one.id: one.commitment for one in canaries(batch, kind)} for kind in ("sent", "unsent")}
        )
        for canary in list(canaries(batch, "sent"))[batch.sent :]:
            # Noted before it is sent: one whose answer was lost may have been read all the same.
            batch = batch.model_copy(update={"sent": batch.sent + 1})
            self.state.keep(batches=(*self.state.kept.batches[:-1], batch))
            answer, _ = self.round.send(self.writer, self.vendor.ask(self.model, canary.planting))
            if answer.status != OK:
                raise ValueError(f"planting was answered {answer.status}")

    def _ask(self, batch: Batch) -> dict[str, Any]:
        """Ask about every phrase, in an order that says nothing of which were sent; return openings of known ones."""
        sent = {one.id for one in list(canaries(batch, "sent"))[: batch.sent]}
        listed = [one for kind in ("sent", "unsent") for one in canaries(batch, kind)]
        ranks = {one.id: self._rank(one) for one in sorted(listed, key=lambda one: one.commitment)}
        broken = [name for name, rank in ranks.items() if name not in sent and rank is not None and rank <= GUESSES]
        if broken:
            self.round.notes.append(
                "a phrase that was never sent is known: the test is broken, and its ranks count for nothing"
            )
        known: dict[str, Any] = {}
        for one in listed:
            rank = ranks[one.id]
            if one.id not in sent or rank is None:
                continue
            self.round.add(
                FAMILY,
                {
                    "canary_id": one.id,
                    "committed_hash": one.commitment,
                    "planted_at": instant_text(batch.planted_at),
                    "model": self.model,
                    "probed_at": instant_text(self.round.gathering.instant),
                    "rank": None if broken else rank,
                    "controls": NUMBERS - 1,
                },
            )
            if rank <= GUESSES:
                known[one.id] = {"label": one.label, "number": one.number, "nonce": one.nonce}
        return known

    def _rank(self, canary: Canary) -> int | None:
        """Return the place of the number among a model's guesses, the last of all where it is in none."""
        answer, told = self.round.send(self.reader, self.vendor.ask(self.model, question(canary.label)))
        if answer.status != OK:
            raise ValueError(f"asking was answered {answer.status}")
        guesses = list(dict.fromkeys(_NUMBER.findall(self.vendor.said(told))))[:GUESSES]
        if not guesses:
            self.round.notes.append("a model named no number at all: that is no rank")
            return None
        return guesses.index(canary.number) + 1 if canary.number in guesses else NUMBERS
