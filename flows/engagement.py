"""An engagement: a folder with a contract, an audit file and perhaps evidence, opened and checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.contract import Contract, load_contract
from checks.versions import Version, in_order
from checks.waivers import AcceptedException, load_waivers
from evidence.errors import BadInput, Place, Problem
from evidence.ledger import Ledger
from evidence.model import Period
from evidence.signer import Signer
from flows.audit_file import AuditFile, Lookup, load_audit_file
from flows.ledger_file import open_ledger
from flows.sealer import Sealer
from flows.sealing_file import LocalKeys, open_sealer, open_statement_signer
from infra.source import Source, tool_name
from infra.store import FolderStore, Store

STATE = ".probity"


@dataclass(frozen=True, slots=True)
class Engagement:
    """Everything an audit is configured with. `state` holds the locker and is kept between runs."""

    folder: Path
    versions: tuple[Version, ...]
    waivers: tuple[AcceptedException, ...]
    file: AuditFile
    published: Mapping[str, Any]
    store: Store
    warnings: tuple[str, ...]

    @property
    def contract(self) -> Contract:
        """Return the edition of the contract in force."""
        return self.versions[-1].loaded.contract

    @property
    def state(self) -> Path:
        """Return the folder of the locker and of work under way."""
        return self.folder / STATE

    @property
    def outbox(self) -> Path:
        """Return the file of messages that are to be delivered."""
        return self.state / "outbox.db"

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the configured sources in order."""
        return self.file.sources

    def written_path(self, number: int) -> str | None:
        """Return a source's path as the audit file writes it, with the names of variables instead of their values."""
        path = self.published["sources"][number].get("path")
        return path if isinstance(path, str) else None

    @property
    def engine(self) -> str:
        """Return the name of the engine that judges."""
        return self.file.engine.kind

    @property
    def tool(self) -> str:
        """Return the product and version as results name it."""
        return tool_name()

    def sealer(self, now: datetime) -> Sealer:
        """Return the keys and authorities the audit file names; raises `BadInput` when one cannot be used."""
        return open_sealer(self.folder, self.file.signer, self.file.timestamp, now)

    def statement_signer(self) -> Signer:
        """Return the key that signs statements, without the seals; raises `BadInput` when it cannot be used."""
        return open_statement_signer(self.folder, self.file.signer)

    def ledger(self) -> Ledger | None:
        """Return the ledger that runs are logged in; raises `BadInput` when its key cannot be used."""
        keys = self.file.signer.keys if isinstance(self.file.signer, LocalKeys) else None
        return open_ledger(self.folder, self.file.ledger, keys)

    def bundle_name(self, period: Period, run: str) -> str:
        """Return the bundle's file name: contract, period and run."""
        first = f"{period.start:%Y%m%d}"
        return f"audit-{self.contract.id}-{first}-{period.end:%Y%m%d}-{run}.zip"


def open_engagement(folder: Path, variable: Lookup, out: Path | None = None) -> Engagement:
    """Return the engagement in a folder, or raise `BadInput` with the problems of both of its files.

    `out` replaces the store of the audit file, as a flag beats a file.
    """
    if not folder.is_dir():
        hint = "an engagement is a folder with contract.yaml and audit.yaml; `probity init DIR` makes one"
        raise BadInput(Problem("C001", "there is no such folder", Place(str(folder)), hint))
    try:
        file, published = load_audit_file(folder / "audit.yaml", variable)
    except BadInput as error:
        raise BadInput(*error.problems, *_contract_problems(folder / "contract.yaml")) from None
    loaded = load_contract(folder / file.contract)
    earlier = [load_contract(folder / name) for name in file.earlier]
    return Engagement(
        folder=folder,
        versions=in_order(loaded, earlier, str(folder / "audit.yaml")),
        waivers=load_waivers(folder / file.waivers),
        file=file,
        published=published,
        store=_store(folder, file, out),
        warnings=tuple(p.render() for p in loaded.problems),
    )


def _store(folder: Path, file: AuditFile, out: Path | None) -> Store:
    if out is not None:
        return FolderStore(kind="folder", path=str(out))
    if isinstance(file.store, FolderStore):
        return FolderStore(kind="folder", path=str(folder / file.store.path))
    return file.store


def _contract_problems(path: Path) -> tuple[Problem, ...]:
    if not path.exists():
        return ()
    try:
        load_contract(path)
    except BadInput as error:
        return error.problems
    return ()
