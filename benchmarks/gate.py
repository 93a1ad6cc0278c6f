"""How often the gate is fooled, and how often it sees what is there.

Run: ``python -m benchmarks.gate`` (``--help``). Every replica goes through the very code that
promotes (:meth:`onstage.pipeline.gate.Gate.decide`): the paired bootstrap over users, baselines and
guardrails on per-event tables of fitted models.

* A/A: champion and challenger are one recipe (ALS as it comes) fitted with two seeds. A promotion
  is false. Stated level: 2.5 %, one side of the 95 % interval.
* Planted: the challenger's events are lifted to a perfect list, one after the other in random
  order, until its mean is 10 % above its own. A promotion is right.
* Best of five: the challenger is the best of five such fits on the very events it is judged by,
  as the leader of a leaderboard is: what that selection costs, and what ``selection: corrected``
  makes of it.

``simulated``: a new world every replica: other people, other streamers, other seeds.
``twitch105k`` (needs ONSTAGE_DATA): the same 513 test events, no two replicas share a fit; five
minutes of a free core, and the simulated worlds some more. With ``--rows FILE`` a broken run goes
on where it was.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml
from scipy.stats import binomtest
from typing_extensions import override

from benchmarks.figure import Figure, arguments_of, tell
from onstage.columns import Columns
from onstage.conditions import Guardrail, Promotion
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.data.store import Reference
from onstage.evaluation.evaluate import ALL, EVENT, EventTable, evaluate
from onstage.models.als import AlsConfig
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.memory import MemoryConfig
from onstage.models.popularity import PopularityConfig
from onstage.pipeline.exams import Log, accepted_log
from onstage.pipeline.gate import Gate
from onstage.pipeline.ingestion import ingested
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from onstage.registry.guardrails import Cost
from onstage.registry.promotion import Decision
from onstage.registry.versions import Version
from onstage.seeds import generator


ROOT: Final = Path(__file__).parents[1]
LIFT: Final = 0.1
FITS: Final = 6
"""Of a best-of-five replica: the champion and five challengers."""
CHALLENGER, INCUMBENT = AlsConfig(), AlsConfig(regularization=0.1 + 1e-9)
"""One recipe under two names: the gate never compares a recipe with itself."""
RECIPES: Final[Mapping[str, ModelConfig]] = {
    "challenger": CHALLENGER,
    "incumbent": INCUMBENT,
    "popularity": PopularityConfig(),
    "memory": MemoryConfig(kind="count"),
}
RULES: Final = Promotion(
    guardrails=tuple(
        Guardrail(slice=one, max_loss=0.05)
        for one in ("repeat", "unseen", "activity", "cold_items")
    )
)
CORRECTED: Final = RULES.model_copy(update={"selection": "corrected"})
SETS: Final[Mapping[str, frozenset[str]]] = {
    "champion": frozenset({"champion"}),
    "+ baselines": frozenset({"champion", "baseline"}),
    "+ guardrails": frozenset({"champion", "baseline", "guardrail"}),
}
"""Conditions that are counted; every one of them must pass."""


class Replica(Gate):
    """The gate with tables from memory instead of from the store."""

    def __init__(
        self, workspace: Workspace, log: Reference, tables: Mapping[str, EventTable]
    ) -> None:
        self.workspace, self.log, self.tables = workspace, log, tables
        self.backtests = {}
        self.recipes = [Recipe(name=n, config=c, origin="fixed") for n, c in RECIPES.items()]
        if workspace.mlflow.promotion.selection == "corrected":
            self.recipes += [
                Recipe(name=f"twin {n}", config=CHALLENGER, origin="fixed") for n in range(FITS - 2)
            ]
        self.rules = workspace.mlflow.promotion
        self.newest = 1

    @override
    def events(self, name: str) -> EventTable:
        return self.tables[name]

    @override
    def cost(self, name: str) -> Cost:
        return Cost()

    def judged(self) -> Decision:
        """Put the challenger forward against the incumbent."""
        config = INCUMBENT.model_dump(mode="json")
        return self.decide("challenger", None, Version("aa", "1", "run", config, "yesterday"))


class World:
    """One log, and models fitted on its training part."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.log = ingested(self.workspace)
        self.data: Log = accepted_log(self.workspace, self.log)
        self.exam = self.data.exam(workspace.config.primary).test
        self.baselines = {n: self.answers(RECIPES[n], 0) for n in ("popularity", "memory")}

    def answers(self, config: ModelConfig, seed: int) -> EventTable:
        """Fit one recipe with one seed, and ask it."""
        options = FitOptions(seed, 1, self.data.availability)
        return evaluate(build(config).fit(self.exam.train, options), self.exam)

    def decide(
        self, challenger: EventTable, incumbent: EventTable, rules: Promotion = RULES
    ) -> Decision:
        """What the gate says."""
        tables = {"challenger": challenger, "incumbent": incumbent, **self.baselines}
        mlflow = self.workspace.mlflow.model_copy(update={"promotion": rules})
        return Replica(replace(self.workspace, mlflow=mlflow), self.log, tables).judged()


def mean_of(events: EventTable) -> float:
    """The primary metric."""
    return float(events.loc[events[Columns.GROUP] == ALL, RULES.metric].mean())


def lifted(events: EventTable, rng: np.random.Generator) -> EventTable:
    """Give random events a perfect list until the mean is :data:`LIFT` above what it was."""
    whole = events[events[Columns.GROUP] == ALL].set_index(EVENT)[RULES.metric]
    order = rng.permutation(whole.index[whole < 1])
    reached = np.cumsum(1 - whole[order].to_numpy())
    chosen = order[: int(np.searchsorted(reached, LIFT * whole.sum())) + 1]
    perfect = events[EVENT].isin(chosen)
    return events.assign(**{RULES.metric: events[RULES.metric].where(~perfect, 1.0)})


def simulated(home: Path, users: int, numbers: Iterable[int]) -> Iterator[tuple[int, World]]:
    """A world of its own for every replica."""
    for number in numbers:
        raw = home / f"world-{number}"
        made = SimulationConfig(shape="twitch", users=users, days=21, seed=number)
        simulate(made, raw, truth=False)
        config = {
            "name": f"world-{number}",
            "clock": {"kind": "step", "step_seconds": 600},
            "data": {"preset": "twitch", "folder": str(raw)},
            "protocols": [{"kind": "live", "track": "C", "part_steps": 600}],
            "models": {"popularity": {"algorithm": "popularity"}},
        }
        path = home / f"world-{number}.yaml"
        path.write_text(yaml.safe_dump(config))
        yield number, World(Workspace.open(path))
        shutil.rmtree(raw)


def twitch(numbers: Iterable[int]) -> Iterator[tuple[int, World]]:
    """One world for all replicas."""
    world = World(Workspace.open(ROOT / "configs" / "twitch105k.yaml"))
    for number in numbers:
        yield number, world


def row(source: str, number: int, case: str, decision: Decision) -> dict[str, Any]:
    """Which sets of conditions a replica passed."""
    over = decision.conditions[0]
    passed = {
        name: all(c.passed for c in decision.conditions if c.kind in kinds)
        for name, kinds in SETS.items()
    }
    about = {"source": source, "replica": number, "case": case}
    return about | {"events": over.n, "gain": over.value} | passed


def played(source: str, number: int, world: World, *, selected: bool) -> list[dict[str, Any]]:
    """Every case of one replica. No two replicas share a seed."""
    seeds = range(FITS * number, FITS * number + (FITS if selected else 2))
    incumbent, *others = (world.answers(CHALLENGER, seed) for seed in seeds)
    better = lifted(others[0], generator(number, "gate", "planted"))
    rows = [
        row(source, number, "A/A", world.decide(others[0], incumbent)),
        row(source, number, "planted +10 %", world.decide(better, incumbent)),
    ]
    if selected:
        best = max(others, key=mean_of)
        for case, rules in (("ignored", RULES), ("corrected", CORRECTED)):
            decision = world.decide(best, incumbent, rules)
            rows.append(row(source, number, f"best of five A/A, {case}", decision))
    return rows


def table(rows: pd.DataFrame) -> str:
    """Promotions by source, case and set of conditions, as Markdown, with binomial intervals."""
    lines = [
        "| data | case | replicas | events | mean gain | " + " | ".join(SETS) + " |",
        "| :-- | :-- | --: | --: | --: |" + " --: |" * len(SETS),
    ]
    for (source, case), part in rows.groupby(["source", "case"], sort=False):
        cells = []
        for name in SETS:
            n, k = len(part), int(part[name].sum())
            ends = binomtest(k, n).proportion_ci()
            cells.append(f"{100 * k / n:.1f} % [{100 * ends.low:.1f}, {100 * ends.high:.1f}]")
        about = f"{len(part)} | {part['events'].median():.0f} | {part['gain'].mean():+.4f}"
        lines.append(f"| {source} | {case} | {about} | {' | '.join(cells)} |")
    return "\n".join(lines)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep our warnings back meanwhile: small slices would be named thousandfold."""
    logger = logging.getLogger("onstage")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("sources", nargs="*", default=["simulated", "twitch105k"])
    parser.add_argument("--replicas", type=int, default=200)
    parser.add_argument("--selected", type=int, default=30, help="replicas of best of five")
    parser.add_argument("--users", type=int, default=1000, help="of a simulated world")
    parser.add_argument("--rows", type=Path, help="a CSV of replicas, where this goes on")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if asked.rows and asked.rows.exists():
        rows = [dict(one) for _, one in pd.read_csv(asked.rows).iterrows()]
    done = {(one["source"], one["replica"]) for one in rows}
    with tempfile.TemporaryDirectory(prefix="onstage-gate-") as folder, without_warnings():
        os.environ |= {"ONSTAGE_HOME": folder, "ONSTAGE_PROGRESS": "0"}
        for source in asked.sources:
            left = [n for n in range(asked.replicas) if (source, n) not in done]
            home = Path(folder)
            worlds = simulated(home, asked.users, left) if source == "simulated" else twitch(left)
            for number, world in worlds:
                rows += played(source, number, world, selected=number < asked.selected)
                if asked.rows:
                    pd.DataFrame(rows).to_csv(asked.rows, index=False)
    made = pd.DataFrame(rows)
    print(table(made))
    print("\nIn brackets: Clopper and Pearson, 95 %.")
    tell("champions promoted by all conditions", list(figures(made)), asked.output)


def figures(rows: pd.DataFrame) -> Iterator[Figure]:
    """Share promoted, by source and case: the observed one, and the ends of its interval."""
    whole = list(SETS)[-1]
    for (source, case), part in rows.groupby(["source", "case"], sort=False):
        n, k = len(part), int(part[whole].sum())
        ends = binomtest(k, n).proportion_ci()
        shares = 100 * ends.low, 100 * k / n, 100 * ends.high
        yield Figure(f"{source}, {case}: promoted of {n} (95 % interval)", "%", shares)


if __name__ == "__main__":
    main()
