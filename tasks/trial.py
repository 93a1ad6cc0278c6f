"""One trial of a study, where a cluster runs it."""

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE


if TYPE_CHECKING:
    from onstage.tuning.worker import Job


@task(name="trial", task_run_name="trial-{job.plan.algorithm}-{slot}", cache_policy=NO_CACHE)
def fill_place(job: "Job", slot: int) -> None:
    """Run :func:`onstage.tuning.worker.fill`."""
    from onstage.tuning.worker import fill

    fill(job, slot)
