"""How often drift is seen: on calm nights, where it is wrong, and after a change of habits.

Run: ``python -m benchmarks.drift`` (``--worlds 2 --users 300 --nights 3`` for a quick look). Each
world is a simulated platform of its own seed with a past of 28 days. Calm nights follow each other;
then some of the viewers change their habits on one day (:mod:`onstage.data.simulate.upheaval`), and
the nights after that are looked at. Only the input is judged: nothing is fitted.
"""

import argparse
from collections import Counter
from collections.abc import Iterator

import pandas as pd
from scipy.stats import binomtest

from benchmarks.figure import Figure, arguments_of, tell
from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.upheaval import Upheaval
from onstage.monitoring.arriving import Arriving, arriving
from onstage.monitoring.config import DriftConfig


PAST = 28
"""Days before the first night."""
AFTER = 3
"""Nights that are looked at after a change."""
CLOCK = Clock(kind="step", step_seconds=600)
NAMES = (Columns.USER, Columns.BROADCAST, Columns.ITEM, Columns.TIME, Columns.ENDS_AT)


def main() -> None:
    arguments = _arguments()
    calm, alarms, why = 0, 0, Counter[str]()
    seen = {share: [0] * AFTER for share in arguments.shares}
    for seed in range(arguments.worlds):
        for found in _nights(arguments, seed, arguments.nights, 0.0):
            calm += 1
            alarms += bool(found.drifted)
            why.update(f"{one.name} ({one.measure})" for one in found.drifted)
        for share, counts in seen.items():
            ever = False
            for night, found in enumerate(_nights(arguments, seed, AFTER, share)):
                ever = ever or bool(found.drifted)
                counts[night] += ever
    interval = binomtest(alarms, calm).proportion_ci()
    print(f"\ncalm nights: {calm}, with a false alarm: {alarms}, by what: {dict(why) or 'nothing'}")
    print(f"95 % interval of the rate: {interval.low:.2%} to {interval.high:.2%}\n")
    print(
        "| share who change | " + " | ".join(f"seen by night {n + 1}" for n in range(AFTER)) + " |"
    )
    print("| ---: |" + " ---: |" * AFTER)
    for share, counts in seen.items():
        cells = " | ".join(f"{n} of {arguments.worlds}" for n in counts)
        print(f"| {share:.0%} | {cells} |")
    figures = [Figure("nights with a false alarm", "%", (100 * alarms / calm,))]
    figures += [
        Figure(
            f"{share:.0%} change, seen in the first night", "%", (100 * n[0] / arguments.worlds,)
        )
        for share, n in seen.items()
    ]
    about = f"{arguments.worlds} worlds of {arguments.users} users, {calm} calm nights"
    tell(about, figures, arguments.output)


def _nights(
    arguments: argparse.Namespace, seed: int, nights: int, share: float
) -> Iterator[Arriving]:
    """What is found in each night; with a share, the first is the one after the change."""
    config = SimulationConfig(
        shape="twitch", users=arguments.users, streamers=300, days=PAST + nights, seed=10 * seed
    )
    log = Upheaval(config, PAST, share).rows().set_axis(list(NAMES), axis=1)
    for night in range(1, nights + 1):
        known = log[log[Columns.ENDS_AT] <= (PAST + night) * STEPS_PER_DAY]
        data = Dataset.from_interactions(pd.DataFrame(known), clock=CLOCK)
        yield arriving(data, AvailabilityIndex.from_interactions(data), DriftConfig())


def _arguments() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--users", type=int, default=1_500)
    parser.add_argument("--nights", type=int, default=14, help="calm ones in each world")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.2, 0.4, 1.0])
    return parser.parse_args()


if __name__ == "__main__":
    main()
