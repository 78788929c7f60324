"""The tests of one probe: what they would send, in words, and their running with credentials and memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from evidence.canonical import canonical_bytes
from evidence.errors import SourceError
from infra import canary_probe, deletion_probe, storage_probe
from infra.canary_probe import CanaryProbe
from infra.deletion_probe import DeletionProbe
from infra.examination import Fetch
from infra.family_rows import FamilyRows
from infra.probe_round import ANSWERS, Asked, Round
from infra.probe_state import ProbeState
from infra.probe_vendors import VENDORS, Vendor
from infra.source import Gathering
from infra.sources.probe import GIVES, Probe
from infra.storage_probe import StorageProbe
from infra.web.client import Client, Request, gathering_client
from infra.web.credential import hosts, key_of, shown

#: What stands in a description for what is drawn or answered.
DRAWN, NUMBER, ID, LABEL = "<drawn>", "<number>", "<id>", "<label>"


def planned(probe: Probe) -> Iterator[Fetch]:
    """Yield every request that a gathering may send, in order: when, with which credential, and its body."""
    vendor = VENDORS[probe.vendor]
    address = (probe.endpoint or f"https://{vendor.host}").rstrip("/")
    told = {"deletion": _of_deletion, "storage": _of_storage, "canaries": _of_canaries}
    for name in probe.does:
        families = GIVES[name] if probe.enabled else ()
        for when, variable, request in told[name](probe, vendor):
            note = when if probe.enabled else f"off, not sent; else {when}"
            yield Fetch(f"{request.method} {address}{request.path}", variable, families, note, request.body.decode())


Sending = tuple[str, str, Request]


def _of_deletion(probe: Probe, vendor: Vendor) -> Iterator[Sending]:
    writer, reader, name = probe.credential, probe.reader or "", f"probity-{DRAWN}"
    late = f"an audit {probe.limit_hours} h after deleting"
    yield from ((f"{late}, {what}", reader, vendor.read(ID)) for what in ("the twin", "the deleted file"))
    yield late, writer, vendor.delete(ID)
    for file in (name, f"{name}-twin"):
        yield "when none waits", writer, vendor.make(file, deletion_probe.CONTENT + file)
    yield from ((f"when none waits, {what}", reader, vendor.read(ID)) for what in ("the file", "the twin"))
    yield "when none waits, which should be refused", reader, vendor.delete(ID)
    yield "when none waits", writer, vendor.delete(ID)


def _of_storage(probe: Probe, vendor: Vendor) -> Iterator[Sending]:
    place = f"{vendor.ask_path}/{ID}"
    yield "every audit", probe.credential, vendor.ask(probe.model or "", storage_probe.QUESTION, store=True)
    yield "every audit", probe.reader or probe.credential, Request(place)
    yield "if it was stored", probe.credential, Request(place, method="DELETE")


def _of_canaries(probe: Probe, vendor: Vendor) -> Iterator[Sending]:
    model, asks = probe.model or "", probe.reader or probe.credential
    most = f"{2 * probe.canaries} times for each of at most {canary_probe.MOST_BATCHES} batches"
    due = f"{probe.wait_days} days after planting, {most}"
    yield due, asks, vendor.ask(model, canary_probe.question(LABEL))
    planted = vendor.ask(model, canary_probe.planting(LABEL, NUMBER))
    yield f"once a period, {probe.canaries} times", probe.credential, planted


def run_probes(
    probe: Probe, gathering: Gathering, stack: ExitStack, client: Callable[..., Client] = gathering_client
) -> None:
    """Run every test of a probe; whatever fails is on its own card and stops no other. `client` makes clients."""
    vendor = VENDORS[probe.vendor]
    if gathering.journals is None:
        gathering.problem("probe: nothing was sent, for there is no place to remember it")
        return
    question = {"vendor": probe.vendor, "endpoint": probe.endpoint or "", "credential": probe.credential}
    name = hashlib.sha256(canonical_bytes(question)).hexdigest()[:24]
    writer = stack.enter_context(_asking(probe, vendor, probe.credential, gathering, client))
    reader = writer
    if probe.reader is not None:
        reader = stack.enter_context(_asking(probe, vendor, probe.reader, gathering, client))
    try:
        state = ProbeState(gathering.journals / f"probe-{name}.json")
    except SourceError as cause:
        gathering.problem(f"probe: nothing was sent: {cause}")
        return
    rows = stack.enter_context(FamilyRows(gathering, probe.kind, sorted(probe.provides)))
    families: set[str] = set()
    for test in probe.does:
        at = Round(test, _RUNS[test][0], probe, gathering, rows, gathering.now())
        _RUNS[test][1](probe, vendor, at, state, writer, reader)
        at.finish()
        families |= at.families
    rows.keep(sorted(families))


@contextmanager
def _asking(
    probe: Probe, vendor: Vendor, variable: str, gathering: Gathering, client: Callable[..., Client]
) -> Iterator[Asked]:
    endpoint = probe.endpoint or f"https://{vendor.host}"
    secret = key_of(variable, f"probe {vendor.name}", gathering)
    egress = hosts(vendor.host, endpoint, gathering.egress)
    with client(gathering, endpoint, vendor.headers(secret), egress, ANSWERS) as asking:
        yield Asked(asking, shown(variable, secret))


def _delete(probe: Probe, vendor: Vendor, at: Round, state: ProbeState, writer: Asked, reader: Asked) -> None:
    system = probe.system or f"{vendor.name}-files"
    DeletionProbe(at, vendor, state, writer, reader, system, probe.limit).run()


def _store(probe: Probe, vendor: Vendor, at: Round, state: ProbeState, writer: Asked, reader: Asked) -> None:
    StorageProbe(at, vendor, state, writer, reader, probe.model or "", probe.scope).run()


def _plant(probe: Probe, vendor: Vendor, at: Round, state: ProbeState, writer: Asked, reader: Asked) -> None:
    CanaryProbe(at, vendor, state, writer, reader, probe.model or "", probe.canaries, probe.wait).run()


#: By test: the family that is incomplete when it fails, and its running. A failed look at storage leaves nothing open.
_RUNS: dict[str, tuple[str, Callable[[Probe, Vendor, Round, ProbeState, Asked, Asked], None]]] = {
    "deletion": (deletion_probe.FAMILY, _delete),
    "storage": ("", _store),
    "canaries": (canary_probe.FAMILY, _plant),
}
