"""Show why timing matters."""

from prefect import flow

from flows.parts import at_work, opened
from onstage.data.store import Reference
from onstage.pipeline.timing import FOLIO, timeable
from tasks.folio import record
from tasks.lineage import say
from tasks.timing import ask_blindly
from tasks.timing import timing as draw


@flow(name="timing", flow_run_name="timing-{config}")
def timing(
    config: str,
) -> Reference:
    """Ask the newest retrain's models with and without availability, and draw what it changes.

    Args:
        config: Configuration file, e.g. configs/twitch105k.yaml.
    """
    workspace = opened(config)
    with at_work(workspace, "timing"):
        last = timeable(workspace)
        blind = {one.name: ask_blindly(workspace, last.log, one) for one in last.recipes}
        made = draw(workspace, last.log, last.board, blind)
        say(data=last.log.digest, mlflow=record(workspace, FOLIO, last.log, made))
        return made
