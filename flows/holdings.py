"""What evidence an audit had, by record family: the sum of its extraction cards."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.model import Assurance, Closed, ExtractionCard


class Holding(Closed):
    """The evidence of one family; `assurance` is that of its weakest artefact, `complete` false when any was cut off.

    Rows of an artefact that holds several families count for each of them.
    """

    family: str
    sources: tuple[str, ...]
    artefacts: int
    rows: int
    unreadable: int
    complete: bool
    assurance: Assurance


def holdings(cards: Iterable[ExtractionCard]) -> tuple[Holding, ...]:
    """Return the evidence by family, sorted by name."""
    grouped: dict[str, list[ExtractionCard]] = {}
    for card in cards:
        for family in card.families:
            grouped.setdefault(family, []).append(card)
    return tuple(
        Holding(
            family=family,
            sources=tuple(sorted({card.source for card in found})),
            artefacts=len({card.artefact for card in found}),
            rows=sum(card.rows for card in found),
            unreadable=sum(card.unreadable for card in found),
            complete=all(card.complete for card in found),
            assurance=min((card.assurance for card in found), key=lambda a: a.rank),
        )
        for family, found in sorted(grouped.items())
    )


def described(holding: Holding) -> str:
    """Return what a family's evidence is in a few words: `3,760 rows in 852 artefacts of cloudtrail (attested)`."""
    worth = [holding.assurance.value]
    worth += [f"{holding.unreadable:,} unreadable"] if holding.unreadable else []
    worth += [] if holding.complete else ["incomplete"]
    counted = f"{holding.artefacts:,} {'artefact' if holding.artefacts == 1 else 'artefacts'}"
    return f"{holding.rows:,} rows in {counted} of {', '.join(holding.sources)} ({', '.join(worth)})"
