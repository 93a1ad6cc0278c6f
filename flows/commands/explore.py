"""`onstage explore`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="explore")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Show what CONFIG's log looks like: figures and tables, each with a sentence that says it.

    Writes one HTML page that opens offline, the same figures as PNG, and the numbers as JSON; all
    are logged to MLflow. What a column would be needed for that the data do not have is left out
    with a note.
    """
    from flows.running import orchestrated
    from onstage.pipeline.exploring import FOLIO
    from onstage.pipeline.workspace import Workspace

    with orchestrated(config):
        from flows.explore import explore

        made = explore(str(config))
    workspace = Workspace.open(config)
    facts = FOLIO.facts(workspace, made)
    page, figures = FOLIO.path(workspace), workspace.store.path(made, FOLIO.figures)
    lines = [
        f"{part['title']}: {part['sentence']}"
        for part in facts.values()
        if isinstance(part, dict) and "sentence" in part
    ]
    lines += ["", f"page      {page}", f"figures   {figures}"]
    value = {"page": str(page), "figures": str(figures), "facts": facts}
    answer(value, "\n".join(lines), as_json=as_json)
