"""A message as mail: the same bytes at every attempt, so that doubles are known for what they are."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from evidence.model import Severity
from infra.notify.message import Kind, Message, text_digest


def mail_of(message: Message, sender: str, to: Sequence[str]) -> EmailMessage:
    """Return the mail, dated when the message was put; the body of a notice is the text that was approved and no more.

    Mails of one incident refer to one another (RFC 5322 section 3.6.4), and no machine answers them (RFC 3834).
    """
    domain = sender.partition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created)
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["References"] = f"<incident-{text_digest(message.incident)[:32]}@{domain}>"
    if message.kind is not Kind.NOTICE:
        mail["Auto-Submitted"] = "auto-generated"
    if message.severity is Severity.CRITICAL:
        mail["Importance"] = "high"
    mail["X-Probity-Kind"] = message.kind.value
    mail.set_content(message.text if message.kind is Kind.NOTICE else _body(message), cte="quoted-printable")
    for file in message.attachments:
        maintype, _, subtype = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    if mail.is_multipart():
        mail.set_boundary(f"=-{message.id}")
    return mail


def _body(message: Message) -> str:
    said = [message.text or message.subject, *([message.link] if message.link else [])]
    return "\n\n".join(
        [*said, f"-- \n{message.kind.value} · {message.severity.value} · {message.incident}\n{message.id}"]
    )
