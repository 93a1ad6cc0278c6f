"""`onstage rehearse`."""

from pathlib import Path

import click

from flows.commands.options import answer, json_option


@click.command(name="rehearse")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--days", type=click.IntRange(min=5), default=14, show_default=True, help="Nights.")
@click.option(
    "--users", type=click.IntRange(min=300), default=1_600, show_default=True, help="Viewers."
)
@click.option("--name", default="rehearsal", show_default=True, help="Name of the data set.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Same seed, same story.",
)
@json_option
def command(folder: Path, days: int, users: int, name: str, seed: int, *, as_json: bool) -> None:
    """Play two weeks of production in a few minutes: a retrain a night on a simulated platform.

    The platform's log arrives day by day in FOLDER. One day's file is broken, one is late; on one
    day viewers and streamers change their habits; one morning somebody rolls the champion back.
    Every decision is that of the ordinary retrain and its gate. Prints a line a night, and draws
    them on a page: FOLDER/timeline.html.

    \b
      onstage rehearse rehearsal
      onstage champion rehearsal/rehearsal.yaml --history
      onstage status rehearsal/rehearsal.yaml
    """
    from flows.running import orchestrated
    from onstage.pipeline.rehearsal import Plan, Stage
    from onstage.pipeline.workspace import Workspace, write_atomically
    from onstage.reporting.timeline import Night, nights_text, render_timeline, sentence

    stage = Stage(folder, Plan.of(days), name=name, users=users, seed=seed)
    config = stage.write_config()

    def say(night: Night) -> None:
        click.echo(f"night {night.number}: {night.decision}: {night.reason}", err=True)

    with orchestrated(config):
        from flows.rehearsal import first_time, rehearsed

        first_time(stage)
        nights = rehearsed(stage, say)
    metric = Workspace.open(config).mlflow.promotion.metric
    title = f"{name}: {days} nights on a simulated platform"
    page = render_timeline(nights, title, metric, folder)
    value = {"page": str(page), "nights": [one.model_dump(mode="json") for one in nights]}
    write_atomically(folder / "nights.json", _json(value))
    answer(value, f"{nights_text(nights)}\n{sentence(nights)}\n\npage      {page}", as_json=as_json)


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, allow_nan=False)
