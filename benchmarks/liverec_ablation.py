"""LiveRec on twitch105k: what each deviation from the released defaults buys, on validation.

Run: ``python -m benchmarks.liverec_ablation`` (``--epochs 60 --seeds 3`` for the full table;
``--only NAME`` for one line; ``--test`` ranks the test part too, for the released line alone).
Track A: inputs are the 16 newest rows, ties stand at their mean rank. Needs torch and the sample
that ``ONSTAGE_DATA`` points at; without them it says so and stops.
"""

import argparse
import time
from importlib.util import find_spec

import numpy as np
import pandas as pd

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.sequence.config import LiverecConfig, LstmConfig, SasrecConfig
from onstage.settings import load_settings
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


METRICS = (("ndcg_at_10", "all"), ("hr_at_1", "all"), ("ndcg_at_10", "unseen"))
WATCH_STEPS = 3


def main() -> None:
    arguments = parsed()
    path = load_settings().data / "twitch105k" / "twitch105k.csv"
    if not path.exists() or find_spec("torch") is None:
        print("needs torch (`make deep`) and twitch105k under ONSTAGE_DATA: left out")
        return
    data = read(path)
    index = AvailabilityIndex.from_interactions(data)
    exams = holdouts(LiveProtocol(track="A"), data, index)
    print("| variant | epochs | NDCG@10 | HR@1 | NDCG@10 unseen | s an epoch |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for name, config in variants(arguments.epochs).items():
        if arguments.only not in (None, name):
            continue
        line(name, config, exams.validation, index, arguments)
        if arguments.test and name == "released":
            line("released, test", config, exams.test, index, arguments)


def variants(epochs: int) -> dict[str, ModelConfig]:
    """The released defaults, each change of them alone, and ours."""
    released = LiverecConfig.released().model_copy(update={"epochs": epochs})
    changes = {
        "no zero vectors": {"zeros": False},
        "last occurrence": {"interval": "last"},
        "counts": {"counts": True},
        "window 32": {"window": 32},
        "all prefixes": {"prefixes": "all"},
        "4 negatives": {"negatives": 4},
        "cross-entropy, 8 negatives": {"loss": "sampled", "negatives": 8},
        "vectors start at 0.1": {"spread": 0.1},
        "no weight decay": {"weight_decay": 0.0},
    }
    made: dict[str, ModelConfig] = {"released": released}
    made |= {name: released.model_copy(update=change) for name, change in changes.items()}
    return {**made, "sasrec, ours": SasrecConfig(), "lstm, ours": LstmConfig()}


def line(
    name: str,
    config: ModelConfig,
    exam: Holdout,
    index: AvailabilityIndex,
    arguments: argparse.Namespace,
) -> None:
    found, seconds = [], []
    for seed in range(arguments.seeds):
        began = time.perf_counter()
        model = build(config).fit(exam.train, FitOptions(seed, arguments.threads, index))
        seconds.append(time.perf_counter() - began)
        events = evaluate(model, exam)
        found.append([value_of(events, metric, group) for metric, group in METRICS])
    epochs = getattr(config, "epochs", 1)
    means, spread = np.mean(found, axis=0), np.std(found, axis=0)
    cells = " | ".join(f"{m:.4f} ± {s:.4f}" for m, s in zip(means, spread, strict=True))
    print(f"| {name} | {epochs} | {cells} | {np.median(seconds) / epochs:.1f} |", flush=True)


def read(path: object) -> Dataset:
    raw = pd.read_csv(str(path), index_col=0)
    table = pd.DataFrame(
        {
            "user_id": raw["user_id"],
            "item_id": raw["streamer_name"],
            "timestamp": raw["start_time"],
            "ends_at": raw["start_time"] + WATCH_STEPS,
        }
    )
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--epochs", type=int, default=2, help="of the LiveRec lines; full: 60")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    parser.add_argument("--only", default=None)
    parser.add_argument("--test", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
