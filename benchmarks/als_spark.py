"""ALS by MLlib beside ALS by implicit: the same configuration, the same splits, the same seeds.

Run: ``python -m benchmarks.als_spark [CONFIG …]``. Needs ONSTAGE_DATA, pyspark and Java; without
pyspark or the data it is left out. Prints the primary protocol's NDCG@10 on validation at three
penalties, then on test at the default one, with the paired interval of the difference over users,
and seconds of a fit.
"""

import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.figure import Figure, arguments_of, tell
from expectations.step import validated
from onstage.evaluation.averaging import averaged
from onstage.evaluation.comparison import compare
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.evaluation.summary import value_of
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.ingestion import ingested
from onstage.pipeline.workspace import Workspace
from onstage.settings import load_settings
from onstage.splitting.holdout import Holdout


CONFIGS = ("configs/deskdrop.yaml", "configs/movielens.yaml", "configs/twitch105k.yaml")
SEEDS = range(3)
PENALTIES = (0.1, 1.0, 10.0)
METRIC = "ndcg_at_10"


def asked(config: AlsConfig, exam: Holdout, options: FitOptions) -> tuple[EventTable, float]:
    began = time.perf_counter()
    model = Als(config).fit(exam.train, options)
    return evaluate(model, exam), time.perf_counter() - began


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("configs", nargs="*", default=CONFIGS)
    arguments = parser.parse_args()
    if find_spec("pyspark") is None or not load_settings().data.is_dir():
        tell("needs pyspark and the data of ONSTAGE_DATA: left out", [], arguments.output)
        return
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as home:
        for path in arguments.configs:
            opened = Workspace.open(path)
            settings = opened.settings.model_copy(update={"home": Path(home)})
            workspace = replace(opened, settings=settings)
            log = accepted_log(workspace, validated(workspace, ingested(workspace)))
            exam = log.exam(workspace.config.primary)
            pairs = exam.test.train.matrix.nnz
            sizes = f"{pairs:,} pairs, {len(exam.test):,} events"
            print(f"{path}, {workspace.config.primary.name}: {sizes}")
            for penalty in PENALTIES:
                for engine in ("implicit", "spark"):
                    config = AlsConfig(engine=engine, regularization=penalty)
                    options = FitOptions(0, 2, log.availability)
                    events, took = asked(config, exam.validation, options)
                    value = value_of(events, METRIC)
                    print(
                        f"  validation, penalty {penalty:g}, {engine}: {value:.4f} ({took:.1f} s)"
                    )
            tables = {}
            for engine in ("implicit", "spark"):
                made = [
                    asked(
                        AlsConfig(engine=engine), exam.test, FitOptions(seed, 2, log.availability)
                    )
                    for seed in SEEDS
                ]
                each = ", ".join(f"{value_of(events, METRIC):.4f}" for events, _ in made)
                tables[engine] = averaged([events for events, _ in made])
                print(f"  test, default, {engine}: {value_of(tables[engine], METRIC):.4f} ({each})")
            gain = compare(tables["spark"], tables["implicit"], METRIC)
            print(
                f"  spark - implicit: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]",
                flush=True,
            )
            values = gain.low, gain.mean, gain.high
            figures.append(Figure(f"{Path(path).stem}: {METRIC}, spark - implicit", "", values))
    about = "ALS by MLlib beside ALS by implicit, test; the difference and its 95 % interval"
    tell(about, figures, arguments.output)


if __name__ == "__main__":
    main()
