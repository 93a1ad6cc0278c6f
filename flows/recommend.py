"""Lists of what is live, from the champion."""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.parts import accepted, at_work, opened
from onstage.data.store import Reference
from tasks.recommend import recommend as write_lists


@flow(name="recommend", flow_run_name="recommend-{config}")
def recommend(  # noqa: PLR0913, PLR0917  # one field of the form each
    config: str,
    at: str | None = None,
    k: Annotated[int | None, Field(ge=1)] = None,
    users: str | None = None,
    form: Literal["parquet", "csv"] | None = None,
    only_new: bool = False,  # noqa: FBT001, FBT002  # Prefect shows it as a check box
    clusters: bool = False,  # noqa: FBT001, FBT002  # Prefect shows it as a check box
) -> Reference:
    """Ingest, validate, and let ``@champion`` recommend what is live to every user.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        at: `last`, `now` or an instant, instead of the configuration's.
        k: Length of each list.
        users: File of user ids, one a line or a column user_id; all users by default.
        form: File format of the lists, parquet or csv.
        only_new: Leave out what a user had before.
        clusters: Add the clusters of user and item to each row.
    """
    workspace = opened(config).asking(at=at, k=k, form=form, only_new=only_new, clusters=clusters)
    with at_work(workspace, "recommend"):
        return write_lists(workspace, accepted(workspace), users)
