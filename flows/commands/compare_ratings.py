"""`onstage compare-ratings`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="compare-ratings")
@config_argument
@click.option("--sample", type=click.IntRange(min=1), help="Pairs to look at, drawn at random.")
@click.option("--folds", type=click.IntRange(min=2), help="Folds of the cross-validation.")
@click.option("--algorithms", help="Some of ratings.models, e.g. svd,nmf.  [default: all]")
@json_option
def command(
    config: Path, sample: int | None, folds: int | None, algorithms: str | None, *, as_json: bool
) -> None:
    """Cross-validate the ratings models of CONFIG on the same folds of a sample.

    Prints RMSE, MAE, and seconds to fit and to test, with their spread over folds, and RMSE and MAE
    on a hold-out that no fold saw. Folds run in parallel processes. A model that is finished is not
    examined again; a killed comparison goes on at the model where it stopped.

    \b
    Example:  onstage compare-ratings configs/movielens.yaml --algorithms svd,baseline_only
    """
    from flows.running import orchestrated
    from onstage.pipeline.ratings.comparing import table
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.ratings import comparison_text

    names = None if algorithms is None else [one.strip() for one in algorithms.split(",")]
    with orchestrated(config):
        from flows.compare_ratings import compare_ratings

        made = compare_ratings(str(config), names, sample, folds)
    rows = table(Workspace.open(config), made)
    answer(rows.to_dict(orient="records"), comparison_text(rows), as_json=as_json)
