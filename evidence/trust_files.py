"""Where trust is read from: the files of a folder, or one trust file that holds them (`probity.trust/v1`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import strict_json
from evidence.errors import BadInput, Place, Problem

PUBLIC_KEY, POLICY = "dsse-p256.pub", "policy.json"
ML_DSA_65_PUBLIC, SEAL_ROOT, TSA_ROOTS = "dsse-ml-dsa-65.pub", "seal-root.pem", "tsa-roots.pem"
LEDGER_VKEY, WITNESS_VKEY = "ledger.vkey", "witness.vkey"
NAMES = (POLICY, PUBLIC_KEY, ML_DSA_65_PUBLIC, SEAL_ROOT, TSA_ROOTS, LEDGER_VKEY, WITNESS_VKEY)
MAX_TRUST_BYTES = 256 * 1024
MAX_TRUST_FILE_BYTES = 2 * 1024 * 1024
SCHEMA = "probity.trust/v1"

_HINT = "give the folder or file the signer handed you (DIR/trust of: probity keys new DIR), never one out of a bundle"


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """The files by name; `held` is the content of a trust file, None for a folder."""

    where: Path
    held: Mapping[str, bytes] | None = None

    def place(self, name: str) -> str:
        """Return where a file lies, for a message."""
        return str(self.where / name) if self.held is None else f"{self.where}: {name}"

    def has(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        return name in self.held if self.held is not None else (self.where / name).exists()

    def read(self, name: str, limit: int = MAX_TRUST_BYTES) -> bytes:
        """Return a file; BadInput when it is absent or larger than `limit` bytes."""
        if self.held is None:
            return _read(self.where / name, limit)
        data = self.held.get(name)
        if data is None:
            raise BadInput(Problem("T002", "is missing", Place(self.place(name)), _HINT))
        if len(data) > limit:
            raise BadInput(Problem("T002", f"is larger than {limit} bytes", Place(self.place(name)), _HINT))
        return data


def open_trust(where: Path) -> TrustFiles:
    """Return the files of a trust folder or of a trust file; BadInput when it is neither."""
    if where.is_dir():
        return TrustFiles(where)
    if not where.is_file():
        raise BadInput(Problem("T001", "no such trust folder or trust file", Place(str(where)), _HINT))
    return TrustFiles(where, _unpack(_read(where, MAX_TRUST_FILE_BYTES), str(where)))


def pack(files: TrustFiles) -> bytes:
    """Return one trust file that stands for the files of a trust folder; unknown files are left out."""
    texts = {name: files.read(name).decode() for name in NAMES if files.has(name)}
    return (json.dumps({"schema": SCHEMA, "files": texts}, indent=2, ensure_ascii=False) + "\n").encode()


def _unpack(data: bytes, place: str) -> dict[str, bytes]:
    def bad(message: str) -> BadInput:
        return BadInput(Problem("T006", message, Place(place), _HINT))

    value = strict_json(data, what="trust file", error=bad)
    files = value.get("files") if isinstance(value, dict) and value.get("schema") == SCHEMA else None
    if not isinstance(value, dict) or not isinstance(files, dict) or len(value) != 2:
        raise bad(f"is not a trust file ({SCHEMA})")
    found: dict[str, bytes] = {}
    for name, text in files.items():
        if name not in NAMES or not isinstance(text, str):
            raise bad(f"{name!r} is no file of a trust folder")
        found[name] = text.encode("utf-8", "surrogatepass")
    return found


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as cause:
        raise BadInput(Problem("T002", f"cannot be read ({cause.strerror})", Place(str(path)), _HINT)) from cause
    if len(data) > limit:
        raise BadInput(Problem("T002", f"is larger than {limit} bytes", Place(str(path)), _HINT))
    return data
