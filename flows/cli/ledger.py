"""`probity ledger`: examine a ledger, compare its checkpoints, and run a witness."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evidence.errors import BadInput, Place, Problem

if TYPE_CHECKING:
    from evidence.ledger_audit import Examined
    from evidence.note import NoteKey
    from evidence.trust import Trust

UNFINISHED = 3
PORT = 8470


@click.group()
def command() -> None:
    """Examine ledgers and witness them."""


@command.command()
@click.argument("ledger")
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder, with ledger.vkey")
@click.option("--bundles", type=click.Path(path_type=Path), help="folder of bundles: completed runs must have one")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="a checkpoint obtained elsewhere, to compare with")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def audit(ledger: str, trust: Path, bundles: Path | None, checkpoint: Path | None, form: str) -> None:
    """Read a whole LEDGER, a folder, and list runs that were announced and never completed or published.

    Exit codes: 0 nothing is open, 3 something is, 4 the ledger does not verify.
    """
    from evidence.ledger_audit import examine  # noqa: PLC0415 - cryptography is not needed for `--help`
    from evidence.trust import load_trust  # noqa: PLC0415
    from flows.ledger_file import open_shelf  # noqa: PLC0415

    anchors = load_trust(trust)
    log = _pinned(anchors, trust)
    examined = examine(open_shelf(ledger), log, anchors.witness)
    if checkpoint is not None:
        examined.check_contains(_read_checkpoint(checkpoint, log))
    published = None if bundles is None else _statements(bundles, anchors)
    found = _found(log.name, examined, published)
    click.echo(json.dumps(found, indent=2) if form == "json" else _text(found))
    raise SystemExit(UNFINISHED if found["open"] or found["unpublished"] or found["unsigned_leaves"] else 0)


@command.command()
@click.argument("ledger")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder, with ledger.vkey")
def consistency(ledger: str, old: Path, new: Path, trust: Path) -> None:
    """Show that of two checkpoint files the NEW log begins with the OLD one; LEDGER supplies the leaves.

    Exit codes: 0 consistent, 4 not: leaves were dropped, changed or re-ordered.
    """
    from evidence import ledger as ledgers  # noqa: PLC0415 - cryptography is not needed for `--help`
    from evidence import merkle  # noqa: PLC0415
    from evidence.trust import load_trust  # noqa: PLC0415
    from flows.ledger_file import open_shelf  # noqa: PLC0415

    log = _pinned(load_trust(trust), trust)
    before, after = _read_checkpoint(old, log), _read_checkpoint(new, log)
    hashes = [merkle.leaf_hash(leaf) for leaf in ledgers.read_leaves(open_shelf(ledger))][: after.size]
    proof = merkle.consistency_proof(hashes, min(before.size, len(hashes)))
    merkle.check_consistency(before.size, before.root, after.size, after.root, proof)
    click.echo(f"consistent: the log of {after.size} leaves begins with the log of {before.size}")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--ledger", "logs", multiple=True, required=True, type=click.Path(path_type=Path), metavar="VKEY")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535))
def witness(folder: Path, logs: tuple[Path, ...], host: str, port: int) -> None:
    """Cosign checkpoints of the ledgers whose VKEY files are given; FOLDER keeps the key and what was seen.

    The first start makes the key; hand FOLDER/witness.vkey to readers. It answers as c2sp.org/tlog-witness says.
    """
    from flows.ledger_file import open_witness  # noqa: PLC0415 - cryptography is not needed for `--help`
    from infra.witness_http import serve  # noqa: PLC0415

    opened = open_witness(folder, logs, lambda: datetime.now(UTC))
    click.echo(f"{folder / 'witness.vkey'}: {opened.signer.key.vkey}")
    serve(opened, host, port, lambda address: click.echo(f"listening on {address}", err=True))


def _pinned(anchors: Trust, folder: Path) -> NoteKey:
    if anchors.ledger is None:
        hint = "it comes from whoever runs the ledger, by another channel than the ledger itself"
        raise BadInput(Problem("T005", "the trust folder has no ledger.vkey", Place(str(folder)), hint))
    return anchors.ledger


def _read_checkpoint(path: Path, log: NoteKey) -> Any:
    from evidence import checkpoint, note  # noqa: PLC0415 - cryptography is not needed for `--help`

    try:
        with path.open("rb") as file:
            signed = note.parse(file.read(note.MAX_NOTE_BYTES + 1))
    except OSError as cause:
        raise BadInput(Problem("T005", f"cannot be read ({cause.strerror})", Place(str(path)))) from cause
    note.check(signed.signatures[0], log, signed.text)
    return checkpoint.parse_text(signed.text)


def _statements(folder: Path, anchors: Trust) -> frozenset[str]:
    """Return the statements of all bundles of a folder; the first that does not verify ends it with its reason."""
    from evidence import dsse, layout  # noqa: PLC0415 - cryptography is not needed for `--help`
    from evidence.canonical import sha256_hex  # noqa: PLC0415
    from evidence.verify import verify  # noqa: PLC0415

    if not folder.is_dir():
        raise BadInput(Problem("T005", "there is no such folder of bundles", Place(str(folder))))
    contents = (verify(p, anchors, at=datetime.now(UTC)).content() for p in sorted(folder.glob("*.zip")))
    return frozenset(sha256_hex(dsse.parse(content.read(layout.STATEMENT)).payload) for content in contents)


def _found(origin: str, examined: Examined, published: frozenset[str] | None) -> dict[str, Any]:
    newest = examined.newest
    missing = () if published is None else examined.unpublished(published)
    return {
        "schema": "probity.ledger/v1",
        "origin": origin,
        "leaves": examined.history.size,
        "signed": newest.checkpoint.size if newest else 0,
        "witnessed": newest.witnessed if newest else None,
        "unsigned_leaves": examined.uncovered,
        "contracts": {name: {"newest_run": known.runs} for name, known in sorted(examined.history.contracts.items())},
        "open": [{"index": s.index, **s.entry.as_json()} for s in examined.open],
        "unpublished": [entry.as_json() for entry in missing],
    }


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['origin']}: one history of {found['leaves']} leaves, {found['signed']} of them signed"]
    lines += [f"  {name}: {known['newest_run']} runs" for name, known in found["contracts"].items()]
    lines += [
        f"  open: run {s['run']}, number {s['sequence']} of {s['contract']}, started {s['started_at']}"
        for s in found["open"]
    ]
    lines += [
        f"  no bundle: run {e['run']}, number {e['sequence']} of {e['contract']}, {e['status']}"
        for e in found["unpublished"]
    ]
    if found["unsigned_leaves"]:
        lines.append(f"  not signed: the last {found['unsigned_leaves']} leaves; the next run has them signed")
    return "\n".join(lines)
