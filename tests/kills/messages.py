"""The kill campaign of messages: who puts, who delivers and who receives are killed at random, and nothing is lost.

Usage: python -m tests.kills.messages [--kills N] [--seed N]

One process puts messages and notices, two deliver them at once, a mail server and a webhook receiver take them and note
each one on the disk before they answer. All five are killed with SIGKILL at drawn instants and begun again. In the end:

* every message whose `put` returned arrived, with its own content, and the outbox says so;
* a receiver that drops what comes twice under one id has each message exactly once;
* doubles before that are counted: no more than the attempts that were begun and never ended;
* what may not leave (a notice whose approval does not stand) never arrived;
* every webhook is signed.

Prints what happened as JSON and ends with 1 at the first thing that does not hold.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from evidence.errors import Rejected
from infra.notify.channel import Channel
from infra.notify.channels.smtp import Smtp
from infra.notify.channels.webhook import Webhook
from infra.notify.delivery import Rules, deliver
from infra.notify.message import Kind, Message, text_digest
from infra.notify.outbox import Outbox, State
from infra.web.retry import Retry
from tests.infra.notify.services import Answer, Asked, Service

KEY = b"k" * 32
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
LEASE = timedelta(seconds=1.0)
AGAIN = Retry(attempts=10**9, first=0.05, longest=0.2)
SLOWNESS = 0.02  # seconds that a receiver may think between having a message and saying so
PUT_PAUSE, IDLE_PAUSE = 0.01, 0.02
SETTLE_SECONDS = 120.0
FORBIDDEN = "forbidden"


def now() -> datetime:
    return datetime.now(UTC)


def note(path: Path, line: str) -> None:
    """Append one line that is on the disk when this returns; lines are short, so that none is torn."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def noted(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def written(number: int, created: datetime) -> Message:
    """The message of a number: mail and webhook by turns, each fifth a notice, each tenth one that may not leave."""
    text = f"text {number}"
    notice = number % 5 == 0
    return Message(
        key=f"{FORBIDDEN if number % 10 == 0 else 'message'}/{number}",
        channel="mail" if number % 2 else "hook",
        kind=Kind.NOTICE if notice else Kind.ALERT,
        incident=f"incident {number % 7}",
        subject=f"subject {number}",
        text=text,
        approved=text_digest(text) if notice else None,
        created=created,
    )


@dataclass(frozen=True)
class Place:
    """The folder of one campaign, and the ports that its receivers keep when they are begun again."""

    folder: Path
    mail: int
    hook: int

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.folder / "outbox.db")

    def channels(self) -> dict[str, Channel]:
        mail = {"name": "mail", "host": "127.0.0.1", "port": self.mail, "tls": "none"}
        return {
            "mail": Smtp.model_validate({**mail, "from": "a@acme.example", "to": ["b@acme.example"]}),
            "hook": Webhook(name="hook", url=f"http://127.0.0.1:{self.hook}/in", secret="${HOOK}"),
        }

    def put(self) -> None:
        """Put one message after the other, beginning with the one whose `put` may not have returned."""
        number = len(noted(self.folder / "put")) + 1
        while True:
            message = written(number, now())
            self.outbox.put(message)
            note(self.folder / "put", message.key)
            number += 1
            time.sleep(PUT_PAUSE)

    def deliver(self) -> None:
        def permit(message: Message) -> None:
            if message.key.startswith(FORBIDDEN):
                raise Rejected("the approval no longer stands")

        rules = Rules({"HOOK": SECRET}.get, random.Random().random, back_off=AGAIN, lease=LEASE, permit=permit)
        while True:
            deliver(self.outbox, self.channels(), now, rules, most=20)
            time.sleep(IDLE_PAUSE)

    def take_mail(self) -> None:
        place = self

        class Keeper:
            async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
                mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
                identity = str(mail["message-id"]).strip("<>").partition("@")[0]
                body = mail.get_content().splitlines()[0]  # type: ignore[attr-defined]
                note(place.folder / "received", json.dumps([identity, mail["subject"], body]))
                time.sleep(random.uniform(0, SLOWNESS))
                return "250 taken"

        controller = Controller(Keeper(), hostname="127.0.0.1", port=self.mail)
        controller.start()
        signal.pause()

    def take_hook(self) -> None:
        def answer(asked: Asked) -> Answer:
            identity = asked.headers["webhook-id"]
            signed = f"{identity}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
            made = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
            if asked.headers["webhook-signature"] != f"v1,{made}":
                note(self.folder / "unsigned", identity)
                return Answer(400)
            data = asked.json()["data"]
            note(self.folder / "received", json.dumps([identity, data["subject"], data["text"]]))
            time.sleep(random.uniform(0, SLOWNESS))
            return Answer()

        Service(answer, self.hook).serve_forever(0.02)


@dataclass
class Mortals:
    """The processes of one campaign, by name; each is begun again after it was killed."""

    work: Mapping[str, Callable[[], None]]
    pids: dict[str, int] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        pid = os.fork()
        if pid:
            self.pids[name] = pid
            return
        try:
            random.seed()
            self.work[name]()
        except BaseException:  # noqa: BLE001 - a process that fails must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(1)

    def kill(self, name: str) -> None:
        pid = self.pids.pop(name)
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), f"{name} ended by itself"

    def kill_all(self) -> None:
        for name in list(self.pids):
            with suppress(ProcessLookupError, ChildProcessError):
                self.kill(name)


def campaign(folder: Path, kills: int, draw: random.Random) -> dict[str, Any]:
    """Kill so many processes one after the other, let the rest arrive, and return what is to be reported."""
    place = Place(folder, free_port(), free_port())
    receivers = {"mail server": place.take_mail, "webhook receiver": place.take_hook}
    work = {**receivers, "first deliverer": place.deliver, "second deliverer": place.deliver, "putter": place.put}
    mortals, killed = Mortals(work), Counter[str]()
    try:
        for name in work:
            mortals.begin(name)
        while not noted(folder / "received"):
            time.sleep(0.02)
        for _ in range(kills):
            time.sleep(draw.uniform(0.02, 0.25))
            name = draw.choice(list(work))
            mortals.kill(name)
            killed[name] += 1
            time.sleep(draw.uniform(0, 0.15) if name in receivers else 0)
            mortals.begin(name)
        mortals.kill("putter")
        _settle(place)
    finally:
        mortals.kill_all()
    return {"killed": dict(killed), **looked_at(place)}


def _settle(place: Place) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    while any(entry.state in {State.WAITING, State.CLAIMED} for entry in place.outbox.entries()):
        assert time.monotonic() < until, "messages still wait"
        time.sleep(0.1)


def looked_at(place: Place) -> dict[str, Any]:
    """Compare what was put with what arrived and with what the outbox says of it."""
    put = noted(place.folder / "put")
    entries = {entry.key: entry for entry in place.outbox.entries()}
    raw = [tuple(json.loads(line)) for line in noted(place.folder / "received")]
    once = dict.fromkeys(raw)  # a receiver that drops what it has under the same id; other content would stay
    wanted = {}
    for key in entries:
        message = written(int(key.partition("/")[2]), now())
        if not key.startswith(FORBIDDEN):
            wanted[message.id, message.subject, message.text] = key
    assert set(put) <= set(entries), "a message was lost by the outbox"
    assert len(put) == len(set(put))
    assert set(once) == set(wanted), "a message was lost, changed or made up on its way"
    assert not noted(place.folder / "unsigned")
    states = Counter(entry.state.value for entry in entries.values())
    forbidden = [entry for key, entry in entries.items() if key.startswith(FORBIDDEN)]
    assert {entry.state for entry in forbidden} <= {State.DEAD}
    assert states == Counter({"sent": len(wanted), "dead": len(forbidden)}) + Counter()
    attempts = [attempt for entry in entries.values() for attempt in place.outbox.attempts(entry.id)]
    unknown = sum(attempt.outcome == "unknown" for attempt in attempts)
    doubles = len(raw) - len(once)
    lost = sum(attempt.outcome == "deferred" for attempt in attempts)  # its answer may have been lost on the way
    assert doubles <= unknown + lost, "a message was sent twice though nobody died"
    return {
        "put": len(put),
        "arrived once after the receiver dropped doubles": len(once),
        "doubles before": doubles,
        "attempts that never ended": unknown,
        "attempts that heard no answer": lost,
        "held back": len(forbidden),
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = campaign(Path(folder), asked.kills, random.Random(seed))
        except AssertionError:
            traceback.print_exc()
            print(json.dumps({"seed": seed, "holds": False}))
            sys.exit(1)
    print(json.dumps({"seed": seed, "holds": True, **found}, indent=2))


if __name__ == "__main__":
    main()
