"""`onstage sweep`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="sweep")
@config_argument
@click.argument("algorithms", nargs=-1)
@click.option("--trials", type=click.IntRange(min=1), help="Trials of each study.")
@click.option(
    "--processes", type=click.IntRange(min=1), help="Trials at the same time, each in a process."
)
@json_option
def command(
    config: Path,
    algorithms: tuple[str, ...],
    trials: int | None,
    processes: int | None,
    *,
    as_json: bool,
) -> None:
    """Tune ALGORITHMS (all of CONFIG's by default) on the validation part.

    One Optuna study and one MLflow run per algorithm, one child run per trial. A killed sweep goes
    on where it stopped. Compare the trials in the MLflow UI (`onstage ui`). One trial at a time,
    the same seed gives the same trials; with more, they depend on which one ends first.

    \b
    Example:  onstage sweep configs/deskdrop.yaml als ease --trials 50
    """
    from flows.running import orchestrated
    from onstage.pipeline.sweeping import best_config
    from onstage.pipeline.workspace import Workspace

    with orchestrated(config):
        from flows.sweep import sweep

        made = sweep(str(config), list(algorithms) or None, trials, processes)
    workspace = Workspace.open(config)
    value = {
        name: {**one.counts, "best": best_config(workspace, one).model_dump(mode="json")}
        for name, one in made.items()
    }
    lines = [
        f"{name}: {one['value']} after {one['trials']} trials: {one['best']}"
        for name, one in value.items()
    ]
    answer(value, "\n".join(lines), as_json=as_json)
