from pathlib import Path

import pandas as pd
import pytest

from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster_dataset
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset


@pytest.mark.realdata
def test_twitch_viewers_fall_into_the_same_groups_every_time(data: Path) -> None:
    table = pd.read_csv(data / "twitch105k" / "twitch105k.csv").rename(
        columns={"streamer_name": Columns.ITEM, "start_time": Columns.TIME}
    )
    dataset = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))
    config = ClusterConfig(items=False, k_max=8)
    first, again = (cluster_dataset(dataset, config)["users"] for _ in range(2))
    pd.testing.assert_frame_equal(first.labels, again.labels)
    assert len(first.labels) == 2000
    assert 2 <= first.k <= 8
    assert first.profile["size"].is_monotonic_decreasing
    # the sample is of heavy users; still one group watches at least three times as often as another
    medians = first.profile["interactions"]
    assert medians.max() >= 3 * medians.min()
