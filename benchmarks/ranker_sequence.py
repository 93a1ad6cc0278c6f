"""What a SASRec among its features buys the ranker: twitch105k, validation, with and without.

Run: ``python -m benchmarks.ranker_sequence`` (``--seeds 3``; ``--first 2`` begins at seed 2).
Prints each group's value without and with, the paired difference with its 95 % bootstrap interval
over users, the processor seconds of both fits, and what share of the loss the feature took away.
The test part is not looked at. Needs torch and the sample that ``ONSTAGE_DATA`` points at; without
them it says so and stops.
"""

import argparse
import time
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.liverec_ablation import TRACKS, read
from onstage.availability.index import AvailabilityIndex
from onstage.evaluation.comparison import compare
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.models.config import FitOptions
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.models.sequence.config import SasrecConfig
from onstage.settings import load_settings
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


SHOWN = (
    ("ndcg_at_10", "all"),
    ("hr_at_1", "all"),
    ("ndcg_at_10", "repeat"),
    ("hr_at_1", "repeat"),
    ("ndcg_at_10", "unseen"),
    ("hr_at_1", "unseen"),
)


def main() -> None:
    arguments = _arguments()
    path = load_settings().data / "twitch105k" / "twitch105k.csv"
    if not path.exists() or find_spec("torch") is None:
        left_out = "needs torch (`make deep`) and twitch105k under ONSTAGE_DATA: left out"
        tell(left_out, [], arguments.output)
        return
    data = read(path)
    index = AvailabilityIndex.from_interactions(data)
    exams = [holdouts(LiveProtocol(track=track), data, index).validation for track in TRACKS]
    gains: dict[str, list[float]] = {}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        options = FitOptions(seed, arguments.threads, index)
        plain = _fitted(RankerConfig(), exams[0], options)
        more = _fitted(RankerConfig(sequence=SasrecConfig()), exams[0], options)
        for exam in exams:
            for title, gain in _show(seed, exam, more, plain):
                gains.setdefault(title, []).append(gain)
    figures = [Figure(title, "", tuple(values)) for title, values in gains.items()]
    about = "what a SASRec among the ranker's features adds; one value a seed; validation"
    tell(about, figures, arguments.output)


def _fitted(config: RankerConfig, exam: Holdout, options: FitOptions) -> Ranker:
    began = time.process_time()
    model = Ranker(config).fit(exam.train, options)
    seconds = time.process_time() - began
    share = model.importance.get("sasrec", 0.0)
    print(
        f"seed {options.seed}: fit {seconds:.0f} CPU s, sasrec {share:.0%} of the loss", flush=True
    )
    return model


def _show(seed: int, exam: Holdout, more: Ranker, plain: Ranker) -> Iterator[tuple[str, float]]:
    """Print a line a metric, and say what was gained."""
    with_it, without = evaluate(more, exam), evaluate(plain, exam)
    for metric, group in SHOWN:
        gain = compare(with_it, without, metric, group)
        print(
            f"| {seed} | {exam.protocol} | {metric} {group} ({gain.n_events}) "
            f"| {value_of(without, metric, group):.4f} | {value_of(with_it, metric, group):.4f} "
            f"| {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] |",
            flush=True,
        )
        yield f"{exam.protocol} {metric} {group}: gain", gain.mean


def _arguments() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    return parser.parse_args()


if __name__ == "__main__":
    main()
