"""Lists of what is live, from the champion."""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.parts import accepted
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.recommend import recommend as write_lists


@flow(name="recommend", flow_run_name="recommend-{config}")
def recommend(
    config: Annotated[str, Field(description="Configuration file, e.g. configs/deskdrop.yaml")],
    at: Annotated[
        str | None, Field(description="`last`, `now` or an instant, instead of the configuration's")
    ] = None,
    k: Annotated[int | None, Field(ge=1, description="Length of each list")] = None,
    users: Annotated[
        str | None, Field(description="File of user ids: one a line, or a column user_id")
    ] = None,
    form: Annotated[
        Literal["parquet", "csv"] | None, Field(description="File format of the lists")
    ] = None,
) -> Reference:
    """Ingest, validate, and let ``@champion`` recommend what is live to every user."""
    workspace = Workspace.open(config).asking(at=at, k=k, form=form)
    with workspace.alone("recommend"):
        return write_lists(workspace, accepted(workspace), users)
