"""`onstage timing`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="timing")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Show why timing matters on CONFIG's log: who is live, and what it is worth to know it.

    Fits every model of the newest retrain once more and asks it with and without availability.
    Writes one HTML page that opens offline and its figures as PNG; both are logged to MLflow.
    """
    from flows.running import prepare

    prepare(config)
    from flows.timing import timing
    from onstage.pipeline.timing import FOLIO
    from onstage.pipeline.workspace import Workspace

    made = timing(str(config))
    workspace = Workspace.open(config)
    facts = FOLIO.facts(workspace, made)
    page, figures = FOLIO.path(workspace), workspace.store.path(made, FOLIO.figures)
    lines = [*facts["sentences"].values(), "", f"page      {page}", f"figures   {figures}"]
    answer({"page": str(page), "figures": str(figures), **facts}, "\n".join(lines), as_json=as_json)
