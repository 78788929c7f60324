"""`probity deploy`: register an engagement's schedules with the Prefect server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evidence.errors import BadInput, OutputFailed, Place, Problem
from flows.engagement import open_engagement
from infra import settings


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="say what would be registered, and touch nothing")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(engagement: Path, dry_run: bool, form: str) -> None:
    """Register the schedules of audit.yaml with the server that PREFECT_API_URL names; safe to repeat.

    Whatever an earlier registration of the same contract left and the file no longer asks for is retired.
    """
    if not settings.prefect_api_url():
        hint = "docs/operate.md starts a server; then: export PREFECT_API_URL=http://127.0.0.1:4200/api"
        raise BadInput(
            Problem("C014", "is not set, so there is no server to register with", Place("PREFECT_API_URL"), hint)
        )
    opened = open_engagement(engagement, settings.variable)
    from flows.deployments import plan  # noqa: PLC0415 - the pipeline is not in the base install

    wanted = plan(opened)
    import httpx  # noqa: PLC0415 - Prefect and its client take seconds to import
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    from flows.deploy import Registry  # noqa: PLC0415

    try:
        with get_client(sync_client=True) as client:
            changes = list(Registry(client, wanted, dry_run).register())
    except (httpx.HTTPError, RuntimeError) as error:
        raise OutputFailed(f"the Prefect server did not answer: {error}; check PREFECT_API_URL") from error
    if form == "json":
        stated = [{"change": c.verb, "what": c.what} for c in changes]
        click.echo(json.dumps({"schema": "probity.deploy/v1", "dry_run": dry_run, "changes": stated}))
        return
    click.echo("\n".join(map(str, changes)))
