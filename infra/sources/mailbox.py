"""`mailbox`: the vendor's notices as `.eml` files, dated and authenticated by our own mail server."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.source import Gathering, Source

Domain = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class MailboxFolder(Source):
    """A folder of messages from the contractual contact point, with a side-car for each of the vendor's."""

    kind: Literal["mailbox"] = "mailbox"
    path: str = Field(min_length=1, description="folder of .eml files, relative to the engagement")
    senders: tuple[Domain, ...] = Field(min_length=1, description="domains of the vendor; their subdomains count too")
    server: Domain = Field(description="the name our mail server gives itself in the headers it adds")

    provides: ClassVar[frozenset[str]] = frozenset({"notices"})

    def gather(self, gathering: Gathering) -> None:
        """Store every message; each of the vendor's becomes a notice."""
        from infra.mail_notices import Mailbox, gather_mail  # noqa: PLC0415 - naming a source must not pay for Arrow

        gather_mail(self, self.path, Mailbox(frozenset(self.senders), self.server), gathering)


SOURCE = MailboxFolder
