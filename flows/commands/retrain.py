"""`onstage retrain`."""

import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, config_argument, json_option


if TYPE_CHECKING:
    from onstage.pipeline.outcome import Outcome


LIGHT = ("flows.retrain", "onstage.pipeline.page")
HEAVY = (
    "great_expectations",
    "matplotlib.pyplot",
    "sklearn.cluster",
    "optuna",
    "implicit.als",
    "implicit.bpr",
)


@click.command(name="retrain")
@config_argument
@click.option("--trials", type=click.IntRange(min=1), help="Trials of each study.")
@click.option("--again", is_flag=True, help="Go through all steps even if nothing is new.")
@json_option
def command(config: Path, trials: int | None, *, again: bool, as_json: bool) -> None:
    """From the raw log to a registered champion.

    Ingests and validates the log that CONFIG describes, tunes every algorithm on the validation
    part, examines all recipes and the current champion on the same test events, registers the
    leader as @challenger, moves @champion if the evidence allows, clusters users and items, and
    writes recommendations of what is live.

    Run it again whenever you like: what is finished is not done twice, and a killed run goes on
    where it stopped. With nothing new since the last retrain it ends at once.
    """
    value, text = retrained(config, trials, again=again)
    answer(value, text, as_json=as_json)


def retrained(config: Path, trials: int | None, *, again: bool) -> tuple[dict[str, Any], str]:
    """Retrain, and say so: for a program and for a person."""
    began = time.perf_counter()
    from flows.running import orchestrated

    outcome = None if again else _nothing_new(config, trials)
    if outcome is None:
        with orchestrated(config, lambda: _get_ready(config)):
            from flows.retrain import retrain

            outcome = retrain(str(config), trials=trials, again=again)
    from flows.summary import summary

    return summary(config, outcome, time.perf_counter() - began)


def _get_ready(config: Path) -> None:
    """Open the tracking database, and import what the flow will need; little, if it has all."""
    from onstage.pipeline.outcome import previous
    from onstage.pipeline.runs import tracker_of
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(config)
    for module in LIGHT if previous(workspace) else (*LIGHT, *HEAVY):
        importlib.import_module(module)
    tracker_of(workspace)


def _nothing_new(config: Path, trials: int | None) -> "Outcome | None":
    """The last outcome, if the flow could only repeat it: then no server is started for it."""
    from onstage.pipeline.outcome import previous
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(config, trials=trials)
    if previous(workspace) is None:
        return None
    from onstage.pipeline.novelty import nothing_new

    return nothing_new(workspace)
