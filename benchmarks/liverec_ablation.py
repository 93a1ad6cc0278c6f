"""LiveRec on twitch105k: what each deviation from the released defaults buys, on validation.

Run: ``python -m benchmarks.liverec_ablation`` (``--epochs 60 --seeds 3`` for the full table;
``--only NAME`` for one line; ``--test`` ranks the test parts too, for the released line alone).

``--best`` chooses the epoch as the released code does: after each epoch the validation part of
track A is ranked, the parameters of the best HR@1 so far are kept, and 15 epochs without a better
one are the end. What is kept is ranked: on the validation parts of tracks A and C, and with
``--test`` on the test parts of all three tracks, which have the same training rows, so that one fit
sits all exams. The test parts never choose anything. Without ``--best`` the last epoch's
parameters are ranked.

Ties, frequent at score 0, stand at their mean rank; two more columns say what NDCG@10 is by other
rules (:func:`other_ties`). Needs torch and the sample that ``ONSTAGE_DATA`` points at; without them
it says so and stops.
"""

import argparse
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.figure import Figure, arguments_of, tell
from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.evaluation.blocks import gathered
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.models.base import Recommender
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.sequence.config import LiverecConfig, LstmConfig, SasrecConfig
from onstage.settings import load_settings
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


METRICS = (
    ("ndcg_at_10", "all"),
    ("hr_at_1", "all"),
    ("hr_at_5", "all"),
    ("ndcg_at_5", "all"),
    ("ndcg_at_10", "repeat"),
    ("ndcg_at_10", "unseen"),
)
HEAD = (
    "NDCG@10 | HR@1 | HR@5 | NDCG@5 | NDCG@10 repeat | unseen | ties in any order | released sort"
)
TRACKS: tuple[Literal["A", "B", "C"], ...] = ("A", "B", "C")
WATCH_STEPS = 3
PATIENCE = 15
DEPTH = 10


def main() -> None:
    arguments = parsed()
    path = load_settings().data / "twitch105k" / "twitch105k.csv"
    if not path.exists() or find_spec("torch") is None:
        left_out = "needs torch (`make deep`) and twitch105k under ONSTAGE_DATA: left out"
        tell(left_out, [], arguments.output)
        return
    data, log = read(path), table(path)
    log["item"] = data.item_positions(log["item_id"].to_numpy())
    index = AvailabilityIndex.from_interactions(data)
    a, b, c = (holdouts(LiveProtocol(track=track), data, index) for track in TRACKS)
    print(f"| variant | epochs | seed | {HEAD} | s an epoch |")
    print("| --- |" + " ---: |" * 11, flush=True)
    figures: list[Figure] = []
    for name, config in variants(arguments.epochs).items():
        if arguments.only not in (None, name):
            continue
        parts = [a.validation, c.validation]
        if arguments.test and name == "released":
            parts += [a.test, b.test, c.test]
        figures += lines(name, config, parts, (index, log), arguments)
    about = f"changes of LiveRec's released defaults, {arguments.epochs} epochs; one value a seed"
    tell(about, figures, arguments.output)


def variants(epochs: int) -> dict[str, ModelConfig]:
    """The released defaults, each change of them alone, and ours."""
    released = LiverecConfig.released().model_copy(update={"epochs": epochs})
    changes: dict[str, dict[str, Any]] = {
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


def lines(
    name: str,
    config: ModelConfig,
    exams: Sequence[Holdout],
    known: tuple[AvailabilityIndex, pd.DataFrame],
    arguments: argparse.Namespace,
) -> list[Figure]:
    """A line a seed and exam, and the means. All exams have the same training rows."""
    found: dict[str, list[list[float]]] = {titled(exam): [] for exam in exams}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        options = FitOptions(seed, arguments.threads, known[0])
        began = time.perf_counter()
        model, kept, run = learned(config, exams[0], options, best=arguments.best)
        seconds = (time.perf_counter() - began) / run
        for exam in exams:
            title = titled(exam)
            found[title].append(marks(model, exam, known[1]))
            row(f"{name}, {title}", f"{kept} of {run}", str(seed), found[title], seconds)
    for title, all_marks in found.items():
        if len(all_marks) > 1:
            means, spread = np.mean(all_marks, axis=0), np.std(all_marks, axis=0)
            cells = " | ".join(f"{m:.4f} ± {s:.4f}" for m, s in zip(means, spread, strict=True))
            print(f"| {name}, {title} | | mean | {cells} | |", flush=True)
    return [
        Figure(f"{name}, {title}: {METRICS[0][0]}", "", tuple(one[0] for one in all_marks))
        for title, all_marks in found.items()
    ]


def titled(exam: Holdout) -> str:
    return f"{exam.protocol} {exam.part}"


def row(name: str, epochs: str, seed: str, found: list[list[float]], seconds: float) -> None:
    cells = " | ".join(f"{value:.4f}" for value in found[-1])
    print(f"| {name} | {epochs} | {seed} | {cells} | {seconds:.1f} |", flush=True)


def learned(
    config: ModelConfig, exam: Holdout, options: FitOptions, *, best: bool
) -> tuple[Recommender[Any], int, int]:
    """A model, the epoch its parameters are of, and how many were run.

    With `best`, the epoch of the largest HR@1 on `exam`; the first of equal ones.
    """
    model = build(config)
    top, kept, done, state = -1.0, 0, 0, {}
    for done in model.iterations(exam.train, options):
        if not best:
            continue
        value = value_of(evaluate(model, exam), "hr_at_1", "all")
        if value > top:
            top, kept, state = value, done, model.state()
        if done - kept == PATIENCE:
            break
    if not best:
        return model, done, done
    return build(config).restore(exam.train, state), kept, done


def marks(model: Recommender[Any], exam: Holdout, log: pd.DataFrame) -> list[float]:
    events = evaluate(model, exam)
    found = [value_of(events, metric, group) for metric, group in METRICS]
    return [*found, *other_ties(model, exam, log)]


def other_ties(model: Recommender[Any], exam: Holdout, log: pd.DataFrame) -> tuple[float, float]:
    """NDCG@10 by two other tie rules.

    The mean over all orders of equal scores; and the order in which the released code's call,
    ``torch.argsort(scores, descending=True)`` on its list of who is live, leaves them. That sort is
    not stable, so the latter is a matter of torch's version.
    """
    import torch

    model.observe(exam.past)
    orders = log_order(exam, log)
    gains = np.append(1 / np.log2(np.arange(DEPTH) + 2), np.zeros(exam.train.n_items))
    found = np.zeros((len(exam), 2))
    for block in gathered(model.scored(exam.requests, exam.candidates), exam.train.n_items):
        for line, event in enumerate(block.rows):
            items = block.items if block.shared else block.items[line]
            there = np.flatnonzero(~np.isnan(block.scores[line]))
            there = there[np.argsort(orders[event][items[there]])]
            scores, own = block.scores[line][there], exam.relevant[exam.relevant_indptr[event]]
            truth = int(np.flatnonzero(items[there] == own)[0])
            ahead, tied = (scores > scores[truth]).sum(), (scores == scores[truth]).sum()
            ranking = torch.argsort(torch.from_numpy(scores), descending=True).numpy()
            rank = int(np.flatnonzero(ranking == truth)[0])
            found[event] = gains[ahead : ahead + tied].mean(), gains[rank]
    mean, released = found.mean(axis=0)
    return float(mean), float(released)


def log_order(exam: Holdout, log: pd.DataFrame) -> list[NDArray[np.int64]]:
    """Place of each item in the released list of who is live, an array over items an event.

    That list holds the items of the rows that run at the step, in the order of the file, which is
    by user; each item stands where its first such row does.
    """
    start, stop = log["timestamp"].to_numpy(), log["ends_at"].to_numpy()
    item = log["item"].to_numpy()
    places = []
    for at in exam.requests.times:
        runs = np.flatnonzero((start <= at) & (at < stop))
        place = np.full(exam.train.n_items, len(log), dtype=np.int64)
        np.minimum.at(place, item[runs], runs)
        places.append(place)
    return places


def read(path: Path) -> Dataset:
    return Dataset.from_interactions(table(path), clock=Clock(kind="step", step_seconds=600))


def table(path: Path) -> pd.DataFrame:
    """The file's rows in its own order, each watched for the mean time of the full log."""
    raw = pd.read_csv(path, index_col=0)
    return pd.DataFrame(
        {
            "user_id": raw["user_id"],
            "item_id": raw["streamer_name"],
            "timestamp": raw["start_time"],
            "ends_at": raw["start_time"] + WATCH_STEPS,
        }
    )


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--epochs", type=int, default=2, help="of the LiveRec lines; full: 60")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--best", action="store_true", help="the epoch of the best validation HR@1")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    parser.add_argument("--only", default=None)
    parser.add_argument("--test", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
