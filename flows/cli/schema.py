"""`probity schema`: the JSON Schema of a file format."""

from __future__ import annotations

import json

import click


@click.command()
@click.option(
    "--what", type=click.Choice(["contract", "audit"]), default="contract", show_default=True, help="which file"
)
def command(what: str) -> None:
    """Print the JSON Schema (draft 2020-12) that editors check a file against.

    Save it as probity-contract.schema.json beside the contract, whose first line names it; that of audit.yaml likewise.
    """
    if what == "audit":
        from flows.audit_file import audit_file_schema  # noqa: PLC0415 - sources are not in the base install

        schema = audit_file_schema()
    else:
        from checks.schema import contract_schema  # noqa: PLC0415 - pydantic is not needed for `--help`

        schema = contract_schema()
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
