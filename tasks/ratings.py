"""Ratings models: compared, tuned, checked, kept."""

from functools import partial
from typing import TYPE_CHECKING

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.ratings.comparing import Comparison
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report
from tasks.spreading import Cluster


if TYPE_CHECKING:
    from onstage.evaluation.ratings.accuracy import Accuracy
    from onstage.models.catalog import ModelConfig


@task(
    name="compare-ratings",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def compare_ratings(
    workspace: Workspace, validated: Reference, run: str, cluster: Cluster | None = None
) -> Comparison:
    """Run :func:`onstage.pipeline.ratings.comparing.compared`, and record it in MLflow."""
    from onstage.pipeline.ratings.comparing import compared, table
    from onstage.pipeline.ratings.recording import record

    examine = None if cluster is None else partial(_spread_folds, cluster, validated)
    made = compared(workspace, validated, examine)
    rows = table(workspace, made)
    new = record(workspace, validated, made, rows, run)
    said = (len(made.made), len(made.refused), new)
    get_run_logger().info("%d models compared, %d refused, %d new in MLflow", *said)
    return made


@task(
    name="fold",
    task_run_name="fold-{config.algorithm}-{number}",
    cache_policy=NO_CACHE,
)
def examine_fold(
    workspace: Workspace, validated: Reference, config: "ModelConfig", number: int
) -> "Accuracy":
    """Run :func:`onstage.evaluation.ratings.accuracy.examine` on one fold of the comparison."""
    from onstage.evaluation.ratings.accuracy import examine
    from onstage.evaluation.ratings.parallel import fold_seed
    from onstage.models.blas import single_blas
    from onstage.pipeline.stored import StoredFolds

    folds = StoredFolds(workspace, validated).compared
    with single_blas():
        return examine(config, folds[number], fold_seed(workspace.config.seed, number))[0]


def _spread_folds(
    cluster: Cluster, validated: Reference, config: "ModelConfig"
) -> "list[Accuracy]":
    """Every fold of one model at the same time, as far as there are workers."""
    here = cluster.workspace
    asked = [
        cluster.submit(
            examine_fold, workspace=here, validated=validated, config=config, number=number
        )
        for number in range(here.config.ratings.folds + 1)
    ]
    return [future.result() for future in asked]


@task(
    name="sweep-ratings",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def sweep_ratings(
    workspace: Workspace, validated: Reference, parent: str, cluster: Cluster | None = None
) -> Reference:
    """Run :func:`onstage.pipeline.ratings.sweeping.swept_ratings`."""
    from onstage.pipeline.ratings.sweeping import swept_ratings

    dispatch = None if cluster is None else cluster.dispatch
    return report(swept_ratings(workspace, validated, parent, dispatch))


@task(name="check-ratings", cache_policy=NO_CACHE)
def check_ratings(
    workspace: Workspace, validated: Reference, swept: Reference, run: str
) -> Reference:
    """Run :func:`onstage.pipeline.ratings.checking.checked`, and record it in MLflow."""
    from onstage.pipeline.ratings.checking import checked, record_check
    from onstage.pipeline.ratings.sweeping import best_of

    made = report(checked(workspace, validated, best_of(workspace, swept)))
    record_check(workspace, made, run)
    return made


@task(name="ratings-model", cache_policy=NO_CACHE)
def learn_ratings(
    workspace: Workspace, validated: Reference, swept: Reference, check: Reference
) -> Reference:
    """Run :func:`onstage.pipeline.ratings.estimating.learned`, and let it be asked."""
    from onstage.pipeline.ratings.estimating import learned, publish
    from onstage.pipeline.ratings.sweeping import best_of

    made = report(learned(workspace, validated, best_of(workspace, swept), check))
    publish(workspace, made)
    return made
