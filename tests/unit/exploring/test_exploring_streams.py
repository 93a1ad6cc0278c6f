"""What an exploration says of streams and relations: engagement, correlations, scatter plots."""

import numpy as np
import pandas as pd
import pytest

from tests.unit.exploring.logs import (
    Explore,
    absent,
    log_of,
    said,
    streams,
)


def test_engagement_is_likes_plus_comments_and_its_weekday_is_told(explore: Explore) -> None:
    likes = np.where(np.arange(42) % 7 == 5, 100.0, 10.0)  # Saturdays
    table = streams(42, like_count=likes, comment_count=1.0, diamonds=2.0)
    parts = explore(log_of([(1, 0, 0)]), windows=table)
    assert "between 11 (Monday) and 101 (Saturday)" in said(parts["boxes_engagement_count"])
    assert said(parts["boxes_diamonds"]).startswith("Every weekday has the median 2.")
    without = explore(log_of([(1, 0, 0)]), windows=table.drop(columns="like_count"))
    assert absent(without["engagement_count"]) == ("windows.like_count",)


def test_correlations_are_those_of_numpy_and_the_planted_one_is_the_strongest(
    explore: Explore,
) -> None:
    rng = np.random.default_rng(1)
    views = rng.poisson(20, 300).astype(float)
    related = pd.DataFrame(
        {
            "user_id": np.arange(300),
            "item_id": 0,
            "view_count": views,
            "comment_count": 3 * views + rng.normal(0, 1, 300),
            "coin_count": rng.exponential(5, 300),
        }
    )
    part = explore(log_of([(1, 0, 0)]), relations=related)["relation_correlations"]
    pairs = {(p["a"], p["b"]): p["r"] for p in part.facts()["pairs"]}
    expected = np.corrcoef(related["view_count"], related["coin_count"])[0, 1]
    assert pairs["view_count", "coin_count"] == pytest.approx(expected)
    assert "strongest correlation is that of view_count and comment_count (1.00)" in said(part)


def test_a_constant_column_has_no_correlation_and_a_note(explore: Explore) -> None:
    table = streams(20, like_count=5.0, comment_count=np.arange(20.0), diamonds=np.nan)
    part = explore(log_of([(1, 0, 0)]), windows=table)["stream_correlations"]
    notes = " ".join(part.facts()["notes"])
    assert "duration_seconds and like_count are constant" in notes
    assert "diamonds is left out: no row has a value" in notes
    pairs = part.facts()["pairs"]
    assert [(p["a"], p["b"]) for p in pairs] == [("comment_count", "engagement_count")]
    assert pairs[0]["r"] == pytest.approx(1.0)


def test_numbers_that_are_all_constant_say_so(explore: Explore) -> None:
    parts = explore(log_of([(1, 0, 0)]), windows=streams(5, diamonds=1.0))
    assert said(parts["stream_correlations"]) == "No two columns have a defined correlation."
    assert "a correlation is undefined" in said(parts["stream_scatters"])


def test_scatter_plots_draw_a_seeded_sample_and_say_so(explore: Explore) -> None:
    numbers = np.arange(5000.0)
    related = pd.DataFrame(
        {"user_id": np.arange(5000), "item_id": 0, "view_count": numbers, "coin_count": numbers}
    )
    log = log_of([(1, 0, 0)])
    one, same, other = (
        explore(log, relations=related, seed=seed)["relation_scatters"] for seed in (0, 0, 1)
    )
    assert one.facts()["sample_rows"] == 2000
    assert "sample of 2,000 of 5,000 rows" in one.facts()["notes"][0]
    pd.testing.assert_frame_equal(one.sample, same.sample)  # type: ignore[union-attr]
    assert not one.sample.equals(other.sample)  # type: ignore[union-attr]


def test_without_streams_and_relations_the_columns_are_named(explore: Explore) -> None:
    parts = explore(log_of([(1, 1, 0), (2, 1, 5)]))
    assert absent(parts["streams_per_item"]) == ("windows.starts", "windows.ends")
    assert absent(parts["engagement_count"]) == ("windows.like_count", "windows.comment_count")
    assert "relations.view_count" in absent(parts["relation_correlations"])
    assert absent(parts["events"]) == ("interactions.event",)
    assert absent(parts["weights"]) == ("interactions.weight",)
