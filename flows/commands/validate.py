"""`onstage validate`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="validate")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Ingest the log that CONFIG describes and check what must be true of it.

    Bad rows are set aside with their reasons; a failed suite, or too many bad rows, refuse the
    batch: exit status 1, and what was accepted before stays accepted.
    """
    from flows.running import orchestrated
    from onstage.pipeline.workspace import Workspace

    with orchestrated(config):
        from flows.ingest import ingest

        made = ingest(str(config))
    folder = Workspace.open(config).store.path(made)
    lines = [
        f"accepted    {made.counts['accepted']} rows",
        f"set aside   {made.counts['quarantined']} rows: {folder / 'quarantine.parquet'}",
        f"page        {folder / 'validation.html'}",
        f"Data Docs   {folder / 'data_docs/index.html'}",
    ]
    value = {"folder": str(folder), **made.counts, "reused": made.reused}
    answer(value, "\n".join(lines), as_json=as_json)
