"""Look for drift, without a retrain."""

from prefect import flow

from flows.parts import accepted, on_record, opened
from onstage.monitoring.drift import Drift
from tasks.backtest import backtest
from tasks.drift import look_for_drift
from tasks.recipes import champions_recipe


@flow(name="drift", flow_run_name="drift-{config}")
def drift(
    config: str,
) -> Drift:
    """Ingest, validate, and hold what arrived, and what the champion reaches, against the past.

    Only the champion's recipe is fitted; a retrain of the same log finds that done. Where anything
    drifted an event `onstage.drift` is emitted, on which an automation can retrain.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = opened(config)
    with on_record(workspace, "drift") as run:
        log = accepted(workspace)
        recipes = champions_recipe(workspace)
        tables = {one.name: backtest(workspace, log, one) for one in recipes}
        return look_for_drift(workspace, log, tables, recipes, run, flow="drift")
