"""Sequence models: what they read, what they learn from, and that they learn it."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.errors import ConfigError, FitError
from onstage.models.catalog import ModelConfig, build, parse
from onstage.models.config import FitOptions
from onstage.models.sequence.config import LiverecConfig, LstmConfig, SasrecConfig
from onstage.models.sequence.live import LiveSets
from onstage.models.sequence.pools import contest
from onstage.models.sequence.repeats import Repeats
from onstage.models.sequence.windows import Windows, recent
from onstage.testing.examples import STEPS, crowd, log


pytest.importorskip("torch", reason="needs torch: pip install 'onstage[deep]'")

SMALL = {"dimensions": 8, "window": 4, "learning_rate": 0.03, "dropout": 0.0, "batch": 16}
EACH = [
    LstmConfig(**SMALL, epochs=25),
    SasrecConfig(**SMALL, heads=2, blocks=1, epochs=25),
    LiverecConfig(**SMALL, heads=2, blocks=1, context_blocks=1, epochs=25),
]


def rounds(users: int = 24, items: int = 6, length: int = 9) -> Dataset:
    """Everybody goes round the items in the same order, from different starts."""
    return log([(u, (u + t) % items, t) for u in range(users) for t in range(length)])


def names(config: ModelConfig) -> str:
    return config.algorithm


@pytest.mark.parametrize("config", EACH, ids=names)
def test_what_comes_next_is_learned(config: ModelConfig) -> None:
    top = build(config).fit(rounds()).recommend(range(6), k=1)
    assert top["item_id"].tolist() == [(u + 9) % 6 for u in range(6)]


@pytest.mark.parametrize("config", EACH, ids=names)
def test_the_loss_falls_and_is_kept_by_epoch(config: ModelConfig) -> None:
    model = build(config).fit(rounds())
    loss = model.training_curve["loss"]
    assert list(loss) == list(range(1, 26))
    assert loss[25] < 0.5 * loss[1]


def test_sequences_are_in_order_of_time_padded_left_and_the_newest_kept() -> None:
    data = log([(0, "a", 0), (0, "b", 1), (0, "c", 2), (0, "d", 3), (1, "b", 5), (1, "a", 7)])
    windows = Windows.of(data, 2, "last")
    batch = windows.batch(np.array([0, 1]))
    assert batch.tokens.tolist() == [[2, 3], [0, 2]]  # b c | nothing b
    assert batch.targets.tolist() == [3, 4, 1]  # c d | a
    assert batch.at.tolist() == [2, 3, 7]
    assert list(zip(batch.line, batch.column, strict=True)) == [(0, 0), (0, 1), (1, 1)]
    every = Windows.of(data, 2, "all")
    assert sorted(every.lengths.tolist()) == [1, 1, 2]  # user 0: (b c) and (a); user 1: (b)


def test_rows_out_of_order_give_the_same_sequences() -> None:
    table = pd.DataFrame({"user_id": 0, "item_id": list("abcd"), "timestamp": [3, 1, 2, 0]})
    data = Dataset.from_interactions(table, clock=STEPS)
    batch = Windows.of(data, 9, "all").batch(np.array([0]))
    assert [data.items[t - 1] for t in batch.tokens[0]] == ["d", "b", "c"]
    assert batch.targets.tolist() == [2, 3, 1]  # b, c, a
    assert (np.diff(batch.times[0]) > 0).all()


def test_every_row_but_a_users_first_is_a_target_once_with_all_prefixes() -> None:
    data = crowd(3)
    windows = Windows.of(data, 4, "all")
    batch = windows.batch(np.arange(len(windows)))
    targets = np.bincount(batch.targets - 1, minlength=data.n_items)
    firsts = np.unique(data.user, return_index=True)[1]
    expected = data.item_counts - np.bincount(data.item[firsts], minlength=data.n_items)
    assert targets.tolist() == expected.tolist()


def test_batches_hold_windows_of_about_one_length_each_window_once_in_random_order() -> None:
    # lengths 1, 1, 2, 2, ... 8, 8, shuffled: batches of four are (1 1 2 2), (3 3 4 4), ...
    rng = np.random.default_rng(0)
    lengths = rng.permutation(np.repeat(np.arange(1, 9), 2))
    nothing = np.empty(0, dtype=np.int64)
    windows = Windows(nothing, nothing, np.zeros(16, dtype=np.int64), lengths)
    batches = list(windows.batches(4, rng))
    assert sorted(np.concatenate(batches).tolist()) == list(range(16))
    spans = [sorted(lengths[batch].tolist()) for batch in batches]
    assert sorted(spans) == [[n, n, n + 1, n + 1] for n in (1, 3, 5, 7)]
    again = list(windows.batches(4, rng))
    assert [batch.tolist() for batch in again] != [batch.tolist() for batch in batches]


def test_a_user_with_one_row_gives_nothing_to_learn_but_is_answered() -> None:
    data = log([(0, "a", 0), (0, "b", 1), (0, "a", 2), (1, "b", 1)])
    assert len(Windows.of(data, 4, "all")) == 1
    top = build(EACH[1]).fit(data).recommend([1], k=2)
    assert len(top) == 2
    assert not top["fallback"].any()


def test_a_log_without_any_second_row_is_refused() -> None:
    with pytest.raises(FitError, match="lstm: no user has two rows, so nothing comes next"):
        build(EACH[0]).fit(log([(0, "a", 0), (1, "b", 1)]))


def test_a_request_reads_its_newest_rows_of_trained_items() -> None:
    data = log([(0, "a", 0), (0, "b", 1), (0, "x", 2), (0, "c", 3), (1, "a", 0)])
    trained = np.array([True, True, True, False])  # all but x
    asked = Requests(np.array([0, 1, -1]), np.array([4, 0, 4]))
    batch = recent(History(data), asked, 3, trained)
    assert batch.tokens.tolist() == [[2, 3], [0, 0], [0, 0]]  # b c; x is left out
    assert batch.times[0].tolist() == [1, 3]


@given(seed=st.integers(0, 10_000), loss=st.sampled_from(["bce", "sampled", "full"]))
def test_nobody_is_a_negative_who_was_not_live(seed: int, loss: str) -> None:
    rng = np.random.default_rng(seed)
    data = crowd(seed, users=6, items=9, rows=40, hours=30)
    index = AvailabilityIndex.from_interactions(data)
    windows = Windows.of(data, 5, "all")
    live = LiveSets.at(index, data.n_items, windows.times)
    batch = windows.batch(np.arange(len(windows)))
    for config in (SasrecConfig(loss=loss, negatives=3), LiverecConfig(loss=loss, negatives=3)):
        rivals = contest(config, batch, live, rng)
        assert (rivals.tokens[:, 0] == batch.targets).all()
        for positive, others, at in zip(batch.targets, rivals.tokens[:, 1:], batch.at, strict=True):
            there = set((index.live_at(int(at)) + 1).tolist())
            found = set(others.tolist()) - {0}
            assert found <= there - {positive}
            assert found or there == {positive}
            assert loss != "full" or found == there - {positive}


def test_all_others_live_are_drawn_alike() -> None:
    live = LiveSets(np.array([0, 3, 4]), np.array([2, 5, 7, 4]), np.array([0, 1]), 9)
    sets = np.array([0, 0, 1])
    places = live.draw(sets, np.array([5, 1, 4]), 3000, np.random.default_rng(0))
    tokens = live.tokens(sets, places)
    assert np.bincount(tokens[0], minlength=8)[[2, 7]].min() > 1400
    assert np.bincount(tokens[1], minlength=8)[[2, 5, 7]].min() > 900
    assert (tokens[2] == 0).all()  # nobody but the positive was live


def test_repeats_know_the_oldest_or_the_last_occurrence_and_how_often() -> None:
    rows = [(0, "a", 0), (0, "b", 1), (0, "a", 13), (0, "c", 30)]
    batch = Windows.of(log(rows), 4, "all").batch(np.array([0]))  # targets b, a, c
    asked = np.array([[1, 2, 3]] * 3)  # a b c at hours 1, 13, 30
    interval, count = Repeats.on(STEPS, "last").of(batch, asked)
    oldest, _ = Repeats.on(STEPS, "oldest").of(batch, asked)
    # Edges: 0, 12 h 50 min, 36 h 50 min, ...: 1 h is bucket 2, 13 h and 30 h bucket 3.
    assert interval.tolist() == [[2, 0, 0], [3, 2, 0], [3, 3, 0]]
    assert oldest.tolist() == [[2, 0, 0], [3, 2, 0], [3, 3, 0]]
    assert count.tolist() == [[1, 0, 0], [1, 1, 0], [2, 1, 0]]
    later = Windows.of(log([*rows[:3], (0, "c", 14)]), 4, "all").batch(np.array([0]))
    assert Repeats.on(STEPS, "last").of(later, asked)[0][2, 0] == 2  # 1 h ago
    assert Repeats.on(STEPS, "oldest").of(later, asked)[0][2, 0] == 3  # 14 h ago


def test_padding_and_the_company_in_a_batch_change_no_score() -> None:
    data = crowd(4, users=10, rows=200)
    for config in EACH:
        model = build(config.model_copy(update={"epochs": 1})).fit(data)
        alone = model.score([3], range(5), at=9)
        together = model.score([1, 3, 5], range(5), at=9)
        np.testing.assert_allclose(alone[0], together[1], rtol=1e-4, atol=1e-5)


def test_without_torch_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError) as refused:
        build(EACH[1]).fit(rounds())
    assert str(refused.value) == (
        "sasrec needs torch, which is not installed; run `pip install 'onstage[deep]'` or "
        "`make deep`"
    )


def test_lazy_updates_touch_only_what_a_batch_touches() -> None:
    lazy = SasrecConfig(**SMALL, heads=2, blocks=1, epochs=1, lazy=True, loss="sampled")
    rows = [(u, i, t) for u in range(4) for t, i in enumerate("abab")]
    data = log(rows, items=["z"])
    model = build(lazy).fit(data, FitOptions(seed=1))
    start = build(lazy.model_copy(update={"learning_rate": 1e-12})).fit(data, FitOptions(seed=1))
    moved = np.abs(model.state()["net.items"] - start.state()["net.items"]).max(axis=1) > 1e-6
    assert moved.tolist()[:3] == [False, True, True]


def test_the_recipe_of_the_documentation_is_the_released_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sequences.md").read_text()
    recipes = yaml.safe_load(page.split("```yaml")[1].split("```")[0])["models"]
    assert parse(recipes["liverec(released)"]) == LiverecConfig.released()


def test_heads_that_do_not_share_the_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="dimensions 10 is no multiple of heads 4"):
        SasrecConfig(dimensions=10)
