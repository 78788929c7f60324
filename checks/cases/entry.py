"""What may be written into the log of a breach case: one closed model each, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from evidence.case_log import Line
from evidence.errors import BrokenCaseLog
from evidence.model import Closed, Instant

MAX_TEXT = 100_000  # as much as a message of the outbox takes
Short: TypeAlias = Annotated[str, Field(min_length=1, max_length=2_000)]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ChannelName: TypeAlias = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$")]
AddressText: TypeAlias = Annotated[str, Field(pattern=r"^[!-~]{1,320}$")]
NoticeId: TypeAlias = Annotated[str, Field(pattern=r"^N-[1-9][0-9]{0,3}$")]
DecimalText: TypeAlias = Annotated[str, Field(pattern=r"^-?[0-9]{1,18}([.][0-9]{1,9})?$")]

#: When the vendor became aware; beside the anchors of the rules, which are ours.
VENDOR_AWARE = "vendor_aware"


class Exhibited(Closed):
    """Evidence that a case rests on: an artefact of the locker, a bundle, or its disclosures; held until it closes."""

    kind: Literal["artefact", "bundle", "disclosures"]
    name: Short


class Origin(Closed):
    """Why a case was opened: a breached finding of a verified result, a vendor's notice, or what a person saw.

    `id` is this very sighting, so that it is taken in once; `key` is the incident it belongs to, so that sightings of
    one cause join one case. `marks` are the violations seen (names of records); a sighting of nothing but known ones
    brings nothing new. `seen_at` is when we learned of it: a candidate for our own awareness.
    """

    id: Short
    key: Short
    kind: Literal["finding", "notice", "report"]
    summary: Short
    seen_at: Instant
    basis: Short
    vendor_aware_at: Instant | None = None
    commitment: str = ""
    clause: str = ""
    severity: str = ""
    period: str = ""
    remedy: str = ""
    limit: DecimalText | None = None
    worst: DecimalText | None = None
    marks: tuple[Short, ...] = ()
    evidence: tuple[Exhibited, ...] = ()


class Opened(Closed):
    """A case opens, and its triage clock starts; `follows` is the closed case of the same incident, if there is one."""

    kind: Literal["opened"] = "opened"
    origin: Origin
    triage_hours: int = Field(ge=1, le=24 * 31)
    follows: str = ""


class Joined(Closed):
    """The same incident was seen again."""

    kind: Literal["joined"] = "joined"
    origin: Origin


class Triage(Closed):
    """A person took the case up."""

    kind: Literal["triage"] = "triage"
    note: str = Field(default="", max_length=2_000)


class Anchored(Closed):
    """A candidate for an instant that a clock runs from, as it was stated, and what it rests on."""

    kind: Literal["anchored"] = "anchored"
    name: Short
    stated: Short
    basis: Short


class SetAside(Closed):
    """A person sets one candidate aside, and says why; it stays in sight. `candidate` is the number of its line."""

    kind: Literal["set_aside"] = "set_aside"
    name: Short
    candidate: int = Field(ge=1)
    reason: Short


class FactsStated(Closed):
    """Facts for the notices, collected once; an empty text says that what was stated is not known after all."""

    kind: Literal["facts"] = "facts"
    values: dict[str, str]


class Classified(Closed):
    """A person's decision that duties arise: which rules apply and which do not, and what their clocks need."""

    kind: Literal["classified"] = "classified"
    rules: tuple[str, ...] = Field(min_length=1)
    not_applicable: dict[str, Short] = {}
    entities: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    circumstances: tuple[str, ...] = ()
    affected: int | None = Field(default=None, ge=0)
    contract_hours: int | None = Field(default=None, ge=1, le=9999)
    zone: str | None = None
    reason: Short


class NotNotified(Closed):
    """A person's decision that nobody is notified, because …"""

    kind: Literal["not_notified"] = "not_notified"
    reason: Short


class Due(Closed):
    """One deadline as it was computed."""

    rule: str
    version: int
    legal_ref: str
    anchor: str
    started: str | None
    due_utc: str | None
    due_local: str | None
    tz: str
    calendar: dict[str, str] | None
    outer_utc: str | None
    status: str
    basis: str
    assumptions: tuple[str, ...]


class Clocks(Closed):
    """The deadlines after a change; the earlier ones stay in the log."""

    kind: Literal["clocks"] = "clocks"
    due: tuple[Due, ...]


class Drafted(Closed):
    """A text for one notice; every new text of it ends the approval of the one before.

    `channel` and `to` are its addressee where the program is to send it; without a channel, only a person submits it.
    `sha256` covers the addressee and the text (`checks.cases.case.digest_of`).
    """

    kind: Literal["drafted"] = "drafted"
    notice: NoticeId
    template: Short
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    sha256: Digest
    unknown: tuple[str, ...] = ()
    supplements: NoticeId | None = None
    channel: ChannelName = ""
    to: tuple[AddressText, ...] = Field(default=(), max_length=100)


class Reviewed(Closed):
    """A person other than its drafters read the addressee and the text of this digest."""

    kind: Literal["reviewed"] = "reviewed"
    notice: NoticeId
    sha256: Digest
    remark: str = Field(default="", max_length=2_000)


class Approved(Closed):
    """A person other than its drafters approves the addressee and the text of this digest, and no other."""

    kind: Literal["approved"] = "approved"
    notice: NoticeId
    sha256: Digest


class Sent(Closed):
    """The approved text left: put into the outbox, or submitted by the person who states so with a receipt."""

    kind: Literal["sent"] = "sent"
    notice: NoticeId
    sha256: Digest
    how: Literal["outbox", "statement"]
    reference: Short
    at: Instant


class Acknowledged(Closed):
    """The recipient confirmed that it arrived."""

    kind: Literal["acknowledged"] = "acknowledged"
    notice: NoticeId
    reference: Short
    at: Instant


class Cured(Closed):
    """A person states since when the breach is cured, and what shows it."""

    kind: Literal["cured"] = "cured"
    at: Instant
    reason: Short


class Linked(Closed):
    """More evidence that the case rests on."""

    kind: Literal["linked"] = "linked"
    evidence: tuple[Exhibited, ...] = Field(min_length=1)


class Closing(Closed):
    """The end of a case: facts, effects and what was done, in one text; what was held is released."""

    kind: Literal["closed"] = "closed"
    reason: Short


Entry: TypeAlias = (
    Opened
    | Joined
    | Triage
    | Anchored
    | SetAside
    | FactsStated
    | Classified
    | NotNotified
    | Clocks
    | Drafted
    | Reviewed
    | Approved
    | Sent
    | Acknowledged
    | Cured
    | Linked
    | Closing
)
_ENTRIES: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def read_entry(line: Line) -> Entry:
    """Return the entry of a verified line; `BrokenCaseLog` when this version of the product does not know it."""
    try:
        return _ENTRIES.validate_python(dict(line.entry))
    except ValidationError as cause:
        where = ".".join(str(part) for part in cause.errors()[0]["loc"])
        raise BrokenCaseLog("CASE_LOG_ENTRY", f"{line.case}, line {line.head.seq}: no known entry ({where})") from None
