"""`onstage sweep-ratings`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="sweep-ratings")
@config_argument
@click.option("--trials", type=click.IntRange(min=1), help="Trials of the study.")
@json_option
def command(config: Path, trials: int | None, *, as_json: bool) -> None:
    """Tune the ratings model of CONFIG (ratings.sweep) on folds of the training part.

    A trial is given up once the folds it had decide it; the last sweep's best is tried first. The
    best is refitted on the whole training part and checked on the hold-out, in the target's space
    and, where that is a logarithm, in seconds with the bias of exp and its correction. Then it is
    fitted on everything, and `onstage estimate` asks it.

    \b
    Example:  onstage sweep-ratings configs/movielens.yaml --trials 30
    """
    from flows.running import orchestrated
    from onstage.pipeline.ratings.checking import read_check
    from onstage.pipeline.ratings.sweeping import best_of
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.ratings import sweep_text

    with orchestrated(config):
        from flows.sweep_ratings import sweep_ratings

        made = sweep_ratings(str(config), trials)
    workspace = Workspace.open(config)
    best = best_of(workspace, made["sweep"]).model_dump(mode="json")
    check = read_check(workspace, made["check"])
    value = {"sweep": {**made["sweep"].counts, "best": best}, "holdout": check}
    answer(value, sweep_text(made["sweep"].counts, best, check), as_json=as_json)
