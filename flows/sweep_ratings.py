"""The best ratings model: searched, checked, and kept to be asked."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, on_record, opened
from onstage.data.store import Reference
from onstage.pipeline.extras import need_runner
from tasks.ratings import check_ratings, learn_ratings
from tasks.ratings import sweep_ratings as tune
from tasks.spreading import spread


@flow(name="sweep-ratings", flow_run_name="sweep-ratings-{config}")
def sweep_ratings(
    config: str,
    trials: Annotated[int | None, Field(ge=1)] = None,
) -> dict[str, Reference]:
    """Ingest, validate, tune a ratings model on folds, check it on the hold-out, keep it.

    Args:
        config: Configuration file, e.g. configs/movielens.yaml.
        trials: Trials of the study, instead of the configuration's.
    """
    workspace = opened(config).comparing(trials=trials)
    need_runner(workspace.config)
    with on_record(workspace, "sweep-ratings") as run:
        log = accepted(workspace)
        with spread(workspace) as cluster:
            swept = tune(workspace, log, run, cluster)
        check = check_ratings(workspace, log, swept, run)
        model = learn_ratings(workspace, log, swept, check)
        return {"sweep": swept, "check": check, "model": model}
