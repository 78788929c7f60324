"""Mail to a real server on loopback: secured, addressed, the same at every attempt, and refused where it says so."""

from __future__ import annotations

import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evidence.errors import Deferred, Rejected
from evidence.model import Severity
from infra.notify.channel import Sending
from infra.notify.channels.smtp import Smtp
from infra.notify.message import Attachment, Message
from tests.infra.notify.post_office import NOW, Office, message, notice
from tests.infra.notify.services import Identity, Postbox, identity, mail_server

pytestmark = pytest.mark.server
SECRET = {"MAIL_PASSWORD": "open sesame"}


def channel(port: int, **settings: Any) -> Smtp:
    given = {"tls": "none", "to": ["desk@acme.example"], **settings}
    return Smtp.model_validate(
        {"name": "desk", "host": "127.0.0.1", "port": port, "from": "audit@acme.example", **given}
    )


def sending(told: Message | None = None, variables: dict[str, str] | None = None, root: Path = Path()) -> Sending:
    return Sending(told or message(), 1, NOW, (variables or {}).get, root=root)


def parsed(mail: bytes) -> EmailMessage:
    found = message_from_bytes(mail, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("tls"))


def test_alert_arrives_with_its_headers() -> None:
    with mail_server(box := Postbox()) as port:
        told = message(text="RET-24H is breached.", link="https://probity.acme.example/c/1", severity=Severity.CRITICAL)
        receipt = channel(port).send(sending(told))
    mail = parsed(box.mails[0])
    assert receipt.reference == mail["message-id"] == f"<{told.id}@acme.example>"
    assert (mail["subject"], mail["importance"], mail["auto-submitted"]) == ("subject of k", "high", "auto-generated")
    assert mail["date"].datetime == NOW
    assert "RET-24H is breached.\n\nhttps://probity.acme.example/c/1" in mail.get_content().replace("\r\n", "\n")


def test_every_attempt_is_the_same_bytes() -> None:
    file = Attachment(name="form.pdf", media_type="application/pdf", content=b"%PDF-1.7\x00")
    with mail_server(box := Postbox()) as port:
        for _ in range(2):
            channel(port).send(sending(notice(attachments=(file,))))
    assert box.mails[0] == box.mails[1]


def test_notice_is_the_approved_text_and_its_attachments_to_its_own_addressees() -> None:
    text = "Sehr geehrte Damen und Herren,\n\nwir melden …\n"
    file = Attachment(name="form.json", media_type="application/json", content=b'{"a": 1}')
    told = notice(text=text, attachments=(file,), to=("authority@bafin.example",))
    with mail_server(box := Postbox()) as port:
        channel(port).send(sending(told))
    mail = parsed(box.mails[0])
    body, attached = list(mail.iter_parts())
    assert body.get_content().replace("\r\n", "\n") == text
    assert (attached.get_filename(), attached.get_content()) == ("form.json", b'{"a": 1}')
    assert (box.to, mail["auto-submitted"]) == ([["authority@bafin.example"]], None)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_is_secured_and_signed_in(tls: str, held: Identity) -> None:
    with mail_server(box := Postbox(), tls, held.context) as port:
        secured = channel(port, tls=tls, ca=held.ca.name, user="desk", password="${MAIL_PASSWORD}")
        secured.send(sending(variables=SECRET, root=held.ca.parent))
    assert box.secured == [True]


def test_certificate_that_nobody_vouches_for_is_refused(held: Identity) -> None:
    verified = pytest.raises(Rejected, match="certificate does not verify")
    with mail_server(box := Postbox(), "starttls", held.context) as port, verified:
        channel(port, tls="starttls").send(sending())
    assert box.mails == []


def test_server_without_starttls_gets_nothing_in_clear() -> None:
    with mail_server(box := Postbox()) as port, pytest.raises(Rejected, match="does not offer"):
        channel(port, tls="starttls").send(sending())
    assert box.mails == []


def test_wrong_password_is_refused_and_not_repeated(held: Identity) -> None:
    with mail_server(Postbox(), "starttls", held.context) as port:
        wrong = channel(port, tls="starttls", ca=str(held.ca), user="desk", password="${MAIL_PASSWORD}")
        with pytest.raises(Rejected, match="535") as refused:
            wrong.send(sending(variables={"MAIL_PASSWORD": "hunter2-hunter2"}))
    assert "hunter2" not in str(refused.value)


def test_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(Rejected, match="MAIL_PASSWORD is not set"):
        channel(9, user="desk", password="${MAIL_PASSWORD}").send(sending())


@pytest.mark.parametrize(
    ("reply", "failure"), [("451 try later", Deferred), ("452 full", Deferred), ("554 no", Rejected)]
)
def test_reply_to_the_mail_decides_whether_it_is_tried_again(reply: str, failure: type[Exception]) -> None:
    with mail_server(Postbox(reply=reply)) as port, pytest.raises(failure, match=reply[:3]):
        channel(port).send(sending())


def test_addressees_who_are_all_refused_for_now_are_tried_again() -> None:
    refusing = Postbox(refuse={"desk@acme.example": "450 greylisted desk@acme.example"})
    with mail_server(refusing) as port, pytest.raises(Deferred) as failure:
        channel(port).send(sending())
    assert "@" not in str(failure.value)


def test_one_refused_addressee_of_two_is_told_to_others_and_the_mail_is_not_repeated(tmp_path: Path) -> None:
    with mail_server(box := Postbox(refuse={"gone@acme.example": "550 no such user"})) as port:
        to = ["desk@acme.example", "gone@acme.example"]
        other = channel(port, name="other", to=["ops@acme.example"])
        office = Office(tmp_path, channel(port, to=to), other, fallback=("desk", "other"))
        office.put(message("a"))
        office.tick()
    assert box.to == [["desk@acme.example"], ["ops@acme.example"]]
    assert "refused 1 of 2 addressees" in parsed(box.mails[1]).get_content()


def test_server_that_is_away_is_tried_again() -> None:
    with mail_server(Postbox()) as port:
        pass
    with pytest.raises(Deferred, match="connection failed"):
        channel(port).send(sending())


def test_server_that_fails_to_say_goodbye_has_taken_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: smtplib.SMTP) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "quit", fails)
    with mail_server(box := Postbox()) as port:
        channel(port).send(sending())
    assert len(box.mails) == 1


def test_mail_without_tls_stays_on_this_machine() -> None:
    with pytest.raises(ValidationError, match="over TLS only"):
        Smtp.model_validate(
            {"name": "desk", "host": "mail.acme.example", "tls": "none", "from": "a@b.example", "to": ["c@d.example"]}
        )
