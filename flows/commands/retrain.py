"""`onstage retrain`."""

import time
from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="retrain")
@config_argument
@click.option("--trials", type=click.IntRange(min=1), help="Trials of each study.")
@json_option
def command(config: Path, trials: int | None, *, as_json: bool) -> None:
    """From the raw log to a registered champion.

    Ingests and validates the log that CONFIG describes, tunes every algorithm on the validation
    part, examines all recipes and the current champion on the same test events, registers the
    leader as @challenger, moves @champion if the evidence allows, clusters users and items, and
    writes recommendations of what is live.

    Run it again whenever you like: what is finished is not done twice, and a killed run goes on
    where it stopped.
    """
    began = time.perf_counter()
    from flows.running import prepare, warm

    prepare()
    from flows.retrain import retrain
    from flows.summary import summary

    warm("onstage.pipeline.page")
    outcome = retrain(str(config), trials=trials)
    value, text = summary(config, outcome, time.perf_counter() - began)
    answer(value, text, as_json=as_json)
