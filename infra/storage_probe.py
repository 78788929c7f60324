"""Ask a model with `store` switched on, where zero retention says that nothing is stored, and look for the answer.

What can be had again was stored: it becomes a row of `data_lifecycle`, made when the answer was whole and seen after it
by the same clock, in the next audit whose period it falls into. What cannot be had is a setting that says `ignored`,
which no clause rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.errors import SourceError
from evidence.model import instant_text
from infra.probe_round import Asked, Round
from infra.probe_sightings import remember, restate
from infra.probe_state import ProbeState, Sighting
from infra.probe_vendors import Vendor, id_of
from infra.web.client import Request

SETTING, SYSTEM = "store_request", "openai-responses"
QUESTION = "Answer with the word ok."
OK, GONE = 200, 404


@dataclass(slots=True)
class StorageProbe:
    """One probe; `scope` is what the setting is said of."""

    round: Round
    vendor: Vendor
    state: ProbeState
    writer: Asked
    reader: Asked
    model: str
    scope: str

    def run(self) -> None:
        """Ask, look, and delete what was stored."""
        try:
            self._run()
        except (SourceError, ValueError) as cause:
            self.round.fault(cause)
        restate(self.round, self.state)

    def _run(self) -> None:
        answer, told = self.round.send(self.writer, self.vendor.ask(self.model, QUESTION, store=True))
        if answer.status != OK:
            raise ValueError(f"the question was answered {answer.status}")
        thing = id_of(told)
        place = f"{self.vendor.ask_path}/{thing}"
        looked, found = self.round.send(self.reader, Request(place))
        stored = looked.status == OK and isinstance(found, dict) and found.get("id") == thing
        if not stored and looked.status != GONE:
            raise ValueError(f"looking for the answer was answered {looked.status}")
        row = {"setting": SETTING, "scope": self.scope, "value": "stored" if stored else "ignored"}
        self.round.add("settings", row | {"captured_at": instant_text(self.round.gathering.observed())})
        if not stored:
            return
        made = {"test": self.round.name, "record": thing, "system": SYSTEM, "content_class": "output"}
        remember(self.state, Sighting(**made, captured=answer.finished, seen=looked.finished))
        deleted, _ = self.round.send(self.writer, Request(place, method="DELETE"))
        if deleted.status not in {OK, GONE}:
            raise ValueError(f"deleting the stored answer was answered {deleted.status}")
