"""`probity schema`: the JSON Schema of a file format."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--what", type=click.Choice(["contract"]), default="contract", show_default=True, help="which file")
def command(what: str) -> None:  # noqa: ARG001
    """Print the JSON Schema (draft 2020-12) that editors check a file against.

    Save it as probity-contract.schema.json beside the contract, whose first line names it.
    """
    from checks.schema import contract_schema  # noqa: PLC0415 - pydantic is not needed for `--help`

    click.echo(json.dumps(contract_schema(), indent=2, ensure_ascii=False))
