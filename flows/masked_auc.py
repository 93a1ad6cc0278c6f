"""Hide pairs, and see whether a model finds them better than popularity."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, on_record, opened
from onstage.data.store import Reference
from tasks.masked_auc import masked_auc as examine


@flow(name="masked-auc", flow_run_name="masked-auc-{config}")
def masked_auc(
    config: str,
    model: str = "als",
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2,
) -> Reference:
    """Ingest, validate, hide a share of pairs, and compare a model with popularity on them.

    Args:
        config: Configuration file, e.g. configs/movielens.yaml.
        model: A recipe of the configuration, an algorithm, a recipe as JSON, or champion.
        share: Share of (user, item) pairs to hide.
    """
    workspace = opened(config)
    with on_record(workspace, "masked-auc") as run:
        return examine(workspace, accepted(workspace), model, share, run)
