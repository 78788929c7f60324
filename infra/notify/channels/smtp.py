"""`smtp`: mail, to people and, with what was approved, to whom a notice is owed.

A server that was cut off after it had taken a mail may be handed it again, with the same Message-ID: programs that read
mail by it see one.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from evidence.errors import Deferred, Rejected
from infra.notify.channel import Channel, Receipt, Secret, Sending
from infra.notify.mail import mail_of
from infra.notify.message import Address
from infra.web.loopback import LOOPBACK

#: Seconds without an answer to one command.
SILENCE_SECONDS = 20.0
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Smtp(Channel):
    """A mail server that relays, over TLS; without it on loopback only."""

    kind: Literal["smtp"] = "smtp"
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="the mail server")
    port: int | None = Field(default=None, ge=1, le=65535, description="587 for starttls, 465 for tls")
    tls: Literal["starttls", "tls", "none"] = Field(default="starttls", description="how the connection is secured")
    ca: str | None = Field(default=None, description="file with the certificates to trust instead of the system's")
    user: str | None = Field(default=None, description="who signs in, with `password`")
    password: Secret | None = Field(default=None, description="`${VAR}` with the password")
    sender: Address = Field(alias="from", description="the address mails come from")
    to: tuple[Address, ...] = Field(min_length=1, description="who gets alerts, reminders and digests")

    carries: ClassVar[bool] = True
    attachments: ClassVar[bool] = True

    @model_validator(mode="after")
    def _secured(self) -> Self:
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError("mail leaves this machine over TLS only; use starttls or tls")
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together")
        return self

    def send(self, sending: Sending) -> Receipt:
        """Hand the mail to the server; its answer to the whole of it is the receipt."""
        message = sending.message
        addressees = message.to or self.to
        mail = mail_of(message, self.sender, addressees)
        with self._session(sending) as server:
            refused = server.send_message(mail, self.sender, addressees)
        codes = sorted({code for code, _ in refused.values()})
        taken = f"taken for {len(addressees) - len(refused)} of {len(addressees)}"
        problem = f"{self.host} refused {len(refused)} of {len(addressees)} addressees ({codes})" if refused else ""
        return Receipt(str(mail["Message-ID"]), taken, problem)

    @contextmanager
    def _session(self, sending: Sending) -> Iterator[smtplib.SMTP]:
        """Yield a connection that is secured and signed in; tell failures that pass from those that do not.

        What a server says may quote addresses, so that only its codes are repeated.
        """
        password = sending.secret(self.password) if self.password else ""
        try:
            server = self._connected(self._trusted(sending))
            try:
                if self.user is not None:
                    server.login(self.user, password)
                yield server
            finally:
                _leave(server)
        except ssl.SSLCertVerificationError:
            raise Rejected(f"{self.host}: its certificate does not verify; set `ca` if it is one of your own") from None
        except smtplib.SMTPNotSupportedError:
            raise Rejected(f"{self.host}: does not offer what is configured: {self.tls}, or signing in") from None
        except smtplib.SMTPRecipientsRefused as refused:
            raise _failure(self.host, min(code for code, _ in refused.recipients.values()), "the addressees") from None
        except smtplib.SMTPResponseException as refused:
            raise _failure(self.host, refused.smtp_code, "the mail or the credential") from None
        except (smtplib.SMTPException, OSError) as cause:
            raise Deferred(f"{self.host}: the connection failed ({type(cause).__name__})") from None

    def _trusted(self, sending: Sending) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=None if self.ca is None else str(sending.root / self.ca))
        except (OSError, ssl.SSLError):
            raise Rejected(f"channel {self.name}: `ca` names no file of certificates in PEM") from None

    def _connected(self, trusted: ssl.SSLContext) -> smtplib.SMTP:
        port = self.port or PORTS[self.tls]
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, port, timeout=SILENCE_SECONDS, context=trusted)
        server = smtplib.SMTP(self.host, port, timeout=SILENCE_SECONDS)
        if self.tls == "starttls":
            try:
                server.starttls(context=trusted)
            except BaseException:
                server.close()
                raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; a server that fails at that has taken the mail all the same."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _failure(host: str, code: int, what: str) -> Deferred | Rejected:
    """Return the failure of a reply: 4yz passes, everything else does not (RFC 5321 section 4.2.1)."""
    if 400 <= code < 500:
        return Deferred(f"{host}: deferred {what} ({code})")
    return Rejected(f"{host}: refused {what} ({code})")


CHANNEL = Smtp
