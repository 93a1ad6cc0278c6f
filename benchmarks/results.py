"""Retrain on the real data sets from an empty state, and write ``docs/results.md``.

Run: ``make results`` (or ``python -m benchmarks.results [CONFIG …] [--trials N]``). Needs the data
that ONSTAGE_DATA points at. Takes some minutes a data set. Where the time went is printed, and what
a second retrain on unchanged input takes.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.pipeline import retrain
from onstage.columns import Columns
from onstage.evaluation.comparison import compare
from onstage.pipeline.backtest import read_events
from onstage.pipeline.outcome import Outcome, recall
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.ranking import primary_rows, read_board_occasions, read_rows
from onstage.pipeline.workspace import Workspace
from onstage.reporting.occasions import occasions_markdown
from onstage.reporting.results import Comparison, DatasetResult, render_results
from onstage.reporting.tables import Cell


ROOT = Path(__file__).parents[1]
CONFIGS = ("configs/deskdrop.yaml", "configs/twitch105k.yaml", "configs/movielens.yaml")
ABOUT = {
    "deskdrop": "CI&T Deskdrop: what employees did with shared articles.",
    "twitch105k": "A sample of Twitch 100k: heavy users, popular streamers, 10-minute steps. "
    "LiveRec with the released defaults answered the same events of all tracks: sequences.md.",
    "movielens": "MovieLens latest small; the masked protocol splits at random, see the file.",
}

TIMES = """

## Where the time goes

Two cores, no GPU; seconds of the whole process. The first data set also makes the databases of
Prefect and MLflow. A second retrain finds nothing new; `--again` goes through every step.

"""


def comparisons(workspace: Workspace, outcome: Outcome, leader: str) -> tuple[Comparison, ...]:
    """The champion against popularity and memory, on every protocol."""
    rules = workspace.mlflow.promotion
    made = []
    for protocol in workspace.config.protocols:
        for baseline in ("popularity", "memory"):
            if baseline not in outcome.backtests or baseline == leader:
                continue
            tables = [
                read_events(workspace, outcome.backtests[name], protocol.name)
                for name in (leader, baseline)
            ]
            gain = compare(tables[0], tables[1], rules.metric, rules.group, seed=0)
            cell = Cell(gain.mean, gain.low, gain.high)
            made.append(Comparison(leader, baseline, protocol.name, cell, gain.n_events))
    return tuple(made)


def result(config: str) -> DatasetResult:
    workspace = Workspace.open(config)
    outcome = recall(workspace)
    rows = read_rows(workspace, outcome.board)
    holder = registry_of(workspace).champion(workspace.registered_model)
    leader = str(primary_rows(rows, workspace).iloc[0][Columns.MODEL])
    champion = leader if holder is None else holder.model
    name = workspace.config.name
    return DatasetResult(
        name=name,
        leaderboard=rows,
        champion=champion,
        comparisons=comparisons(workspace, outcome, champion),
        description=f"{ABOUT.get(name, '')} {outcome.decision.sentence}.",
        command=f"onstage retrain {config}",
        occasions=occasions_markdown(
            read_board_occasions(workspace, outcome.board), workspace.config.primary.name
        ),
    )


def report(name: str, first: dict[str, Any], others: dict[str, dict[str, Any]]) -> str:
    """One line: where the first retrain's time went, and what the later ones took."""
    times = first["times"]
    later = [
        f"{what} {again['times']['process_seconds']} s = "
        f"{100 * again['times']['process_seconds'] / times['process_seconds']:.0f} % of the first, "
        f"{again['times']['steps_reused']} of {again['times']['steps']} steps reused"
        for what, again in others.items()
    ]
    return (
        f"{name}: first {times['process_seconds']} s (fitting {times['fit_seconds']}, evaluating "
        f"{times['evaluate_seconds']}, everything else {times['other_seconds']} = "
        f"{100 * times['other_share']:.0f} %); {'; '.join(later)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("configs", nargs="*", default=CONFIGS)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "results.md")
    parser.add_argument("--keep", type=Path, help="home folder to use and keep")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["ONSTAGE_HOME"] = str((chosen.keep or Path(scratch)).resolve())
        sections, spent = [], []
        for config in chosen.configs:
            first = retrain(config, chosen.trials)
            sections.append(result(config))
            others = {
                "second": retrain(config, chosen.trials),
                "through all steps (--again)": retrain(config, chosen.trials, "--again"),
            }
            spent.append(report(config, first, others))
            print(spent[-1], flush=True)
        page = render_results(sections).rstrip() + TIMES + "\n".join(f"- {s}" for s in spent)
        chosen.output.write_text(page + "\n", encoding="utf-8")
        print(f"wrote {chosen.output}")


if __name__ == "__main__":
    main()
