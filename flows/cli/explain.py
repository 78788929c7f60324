"""`probity explain`: what a commitment, or a kind of commitment, requires."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("commitment", metavar="COMMITMENT_OR_KIND")
@click.option(
    "--contract",
    type=click.Path(path_type=Path),
    default=Path("contract.yaml"),
    show_default=True,
    help="contract file or engagement folder",
)
def command(commitment: str, contract: Path) -> None:
    """Say what a commitment requires, what evidence it needs and what each status would take.

    The name of a kind, such as data-residency, explains the kind and needs no contract.
    """
    from checks.commitments import discover  # noqa: PLC0415 - pydantic is not needed for `--help`
    from checks.contract import load_contract  # noqa: PLC0415
    from checks.explain import explain, explain_kind  # noqa: PLC0415
    from checks.unchecked import UncheckedCommitment, catalogue  # noqa: PLC0415

    kinds = discover()
    if commitment in kinds:
        text = explain_kind(commitment, kinds[commitment])
    elif commitment in catalogue():
        text = explain_kind(commitment, UncheckedCommitment)
    else:
        file = contract / "contract.yaml" if contract.is_dir() else contract
        text = explain(load_contract(file, kinds).contract, commitment)
    click.echo(text, nl=False)
