"""Ratings models side by side."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, on_record, opened
from onstage.pipeline.extras import need_runner
from onstage.pipeline.ratings.comparing import Comparison
from tasks.ratings import compare_ratings as compare
from tasks.spreading import spread


@flow(name="compare-ratings", flow_run_name="compare-ratings-{config}")
def compare_ratings(
    config: str,
    models: list[str] | None = None,
    sample: Annotated[int | None, Field(ge=1)] = None,
    folds: Annotated[int | None, Field(ge=2)] = None,
) -> Comparison:
    """Ingest, validate, and cross-validate ratings models on the same folds.

    Args:
        config: Configuration file, e.g. configs/movielens.yaml.
        models: Some of the configuration's ratings.models; all by default.
        sample: Pairs to look at, instead of the configuration's.
        folds: Folds, instead of the configuration's.
    """
    workspace = opened(config).comparing(sample=sample, folds=folds, names=models)
    need_runner(workspace.config)
    with on_record(workspace, "compare-ratings") as run:
        log = accepted(workspace)
        with spread(workspace) as cluster:
            return compare(workspace, log, run, cluster)
