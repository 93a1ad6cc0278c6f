"""How many keep the number of their cluster when Twitch 105k is clustered every two days.

Run: ``python -m benchmarks.cluster_numbers``. Needs ``ONSTAGE_DATA``. Numbers by size, as a first
clustering has them, beside numbers that are matched to the last clustering.
"""

import pandas as pd

from benchmarks.figure import Figure, arguments_of, tell
from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster_dataset
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.settings import load_settings


DAY = 144
"""Steps of ten minutes."""
DAYS = range(29, 43, 2)


def main() -> None:
    asked = arguments_of(__doc__).parse_args()
    path = load_settings().data / "twitch105k" / "twitch105k.csv"
    if not path.exists():
        tell("needs twitch105k under ONSTAGE_DATA: left out", [], asked.output)
        return
    table = pd.read_csv(path).rename(
        columns={"streamer_name": Columns.ITEM, "start_time": Columns.TIME}
    )
    whole = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))
    matched: dict[str, Clusters] = {}
    sized: dict[str, Clusters] = {}
    rows = []
    for day in DAYS:
        part = whole.where(whole.time < DAY * day)
        now = cluster_dataset(part, ClusterConfig(), last=matched)
        anew = cluster_dataset(part, ClusterConfig())
        rows += [
            (
                day,
                kind,
                now[kind].k,
                _kept(sized[kind], anew[kind]),
                _kept(matched[kind], now[kind]),
            )
            for kind in matched
        ]
        matched, sized = now, anew
    made = pd.DataFrame(rows, columns=["day", "kind", "k", "by size", "matched"])
    print(made.round(3).to_string(index=False))
    figures = [
        Figure(f"{kind} who keep their number, {way}", "%", tuple(100 * part[way].dropna()))
        for kind, part in made.groupby("kind")
        for way in ("by size", "matched")
    ]
    tell("Twitch 105k clustered every two days", figures, asked.output)


def _kept(last: Clusters, now: Clusters) -> float:
    """Share of those known before whose number is the same."""
    return float((now.of.reindex(last.of.index) == last.of).mean())


if __name__ == "__main__":
    main()
