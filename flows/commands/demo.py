"""`onstage demo`."""

from pathlib import Path

import click

from flows.commands.options import answer, json_option
from onstage.errors import ConfigError


CONFIG = Path("configs/demo.yaml")
FOLDER = Path("demo")


@click.command(name="demo")
@json_option
def command(*, as_json: bool) -> None:
    """Simulate a live-stream platform and retrain on it.

    Writes the log of a small platform into ./demo (unless it is there), does all that `onstage
    retrain configs/demo.yaml` does, says where to look, and what the best possible ranking of the
    same events would have scored: the simulator knows everybody's tastes. Works offline.
    """
    from flows.commands.retrain import retrained
    from onstage.data.simulate.config import SimulationConfig
    from onstage.data.simulate.writer import simulate

    if not CONFIG.exists():
        message = f"no {CONFIG} here; run `onstage demo` in a clone of the project"
        raise ConfigError(message)
    if (FOLDER / "truth").exists():
        click.echo(f"the platform in ./{FOLDER} is there already", err=True)
    else:
        click.echo(f"simulating a live-stream platform into ./{FOLDER}", err=True)
        counts = simulate(SimulationConfig.small("twitch"), FOLDER, truth=True)
        click.echo(", ".join(f"{name} {value:,}" for name, value in counts.items()), err=True)
    value, text = retrained(CONFIG, None, again=False)
    best = _ceiling()
    sentence = (
        f"The best possible ranking of these {best['events']:,.0f} events, by the viewers' true "
        f"tastes: NDCG@10 {best['ndcg_at_10']:.4f}, HR@1 {best['hit_rate_at_1']:.4f}."
    )
    answer({**value, "best_possible": best}, f"{text}\n{sentence}", as_json=as_json)


def _ceiling() -> dict[str, float]:
    """What the best possible ranking of the same test events scores."""
    from onstage.data.simulate.truth import Truth
    from onstage.pipeline.exams import accepted_log
    from onstage.pipeline.outcome import recall
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(CONFIG)
    log = accepted_log(workspace, recall(workspace).log)
    exam = log.exam(workspace.config.primary).test
    best = Truth.load(FOLDER).oracle(
        log.dataset.users[exam.requests.users],
        exam.requests.times,
        log.dataset.items[exam.relevant],
    )
    return {name: float(value) for name, value in best.items()}
