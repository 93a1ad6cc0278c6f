import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.errors import ContractError
from onstage.evaluation.comparison import compare
from onstage.evaluation.pairwise import compare_all, events_needed, holm, letters


def table(
    values: list[float], *, users: list[int] | None = None, time: object = None
) -> pd.DataFrame:
    n = len(values)
    return pd.DataFrame(
        {
            "event": range(n),
            "user_id": range(n) if users is None else users,
            "timestamp": range(n) if time is None else time,
            "group": "all",
            "n_relevant": 1,
            "n_candidates": 9,
            "fallback": False,
            "ndcg_at_10": values,
        }
    )


def noisy(mean: float, seed: int, n: int = 400) -> pd.DataFrame:
    return table(list(np.random.default_rng(seed).normal(mean, 0.1, n)))


def test_every_pair_stands_once_with_the_better_model_first() -> None:
    pairs = compare_all({"low": noisy(0.1, 1), "high": noisy(0.5, 2), "mid": noisy(0.3, 3)})
    assert list(zip(pairs["a"], pairs["b"], strict=True)) == [
        ("high", "mid"), ("high", "low"), ("mid", "low"),
    ]  # fmt: skip
    assert (pairs["low"] > 0.15).all()
    assert (pairs["mean"] < pairs["high"]).all()


def test_a_pair_is_what_comparing_the_two_alone_gives() -> None:
    a, b = noisy(0.32, 4), noisy(0.3, 5)
    pair = compare_all({"a": a, "b": b}, resamples=4000).iloc[0]
    alone = compare(a, b, resamples=4000)
    assert pair["mean"] == pytest.approx(alone.mean)
    assert pair["low"] == pytest.approx(alone.low, abs=0.002)  # other draws of the same users
    assert pair["high"] == pytest.approx(alone.high, abs=0.002)


def test_holm_multiplies_the_smallest_by_the_number_of_pairs_and_never_falls() -> None:
    corrected = holm(np.array([0.04, 0.01, 0.03]))
    assert corrected == pytest.approx([0.06, 0.03, 0.06])  # 3 x .01, 2 x .03, max(.06, 1 x .04)
    assert holm(np.array([0.5, 0.9])).tolist() == [1.0, 1.0]


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_never_helps(p: list[float]) -> None:
    raw = np.array(p)
    corrected = holm(raw)
    assert (corrected >= raw).all()
    assert (np.diff(corrected[np.argsort(raw, kind="stable")]) >= 0).all()


def test_the_effect_is_the_mean_gain_in_its_own_spread() -> None:
    a, b = table([1.0, 0.0, 1.0, 0.0]), table([0.0, 0.0, 0.0, 0.0])
    pair = compare_all({"a": a, "b": b}, resamples=10).iloc[0]
    assert pair["effect"] == pytest.approx(0.5 / math.sqrt(1 / 3))  # mean .5, variance 1 / (4 - 1)
    assert (pair["wins"], pair["losses"]) == (0.5, 0.0)


def test_equal_models_have_no_effect_and_no_number_of_events_would_tell_them_apart() -> None:
    pair = compare_all({"a": noisy(0.3, 6), "b": noisy(0.3, 6)}).iloc[0]
    assert (pair["mean"], pair["effect"], pair["p"], pair["p_holm"]) == (0.0, 0.0, 1.0, 1.0)
    assert pair["events_needed"] == math.inf


def test_half_the_margin_needs_four_times_the_events() -> None:
    # standard error .01 on 1,000 events, 95 %: (1.95996 + .84162) x .01 / .01 squared is 7.8489
    assert events_needed(1000, 0.01, 0.01, 0.95) == 7849
    assert events_needed(1000, 0.01, 0.005, 0.95) == 31396


def test_the_number_of_events_needed_is_about_right() -> None:
    rng = np.random.default_rng(7)
    base, delta = 200, 0.02
    pilot = table(list(rng.normal(delta, 0.1, 4000)))
    zero = table([0.0] * 4000)
    needed = compare_all({"a": pilot, "b": zero}, margin=delta).iloc[0]["events_needed"]
    assert needed == pytest.approx((2.8016 * 0.1 / delta) ** 2, rel=0.1)  # 196 for unit users
    seen = 0
    for seed in range(base):
        sample = np.random.default_rng(seed).normal(delta, 0.1, int(needed))
        seen += sample.mean() > 1.96 * sample.std(ddof=1) / math.sqrt(len(sample))
    assert seen / base == pytest.approx(0.8, abs=0.1)


def test_blocks_of_time_are_wider_where_evenings_differ() -> None:
    rng = np.random.default_rng(8)
    evening = np.repeat(rng.normal(0.0, 0.2, 30), 40)
    a = table(list(0.5 + evening + rng.normal(0, 0.02, 1200)))
    b = table([0.5] * 1200)
    users = compare_all({"a": a, "b": b}).iloc[0]
    blocks = compare_all({"a": a, "b": b}, block=40).iloc[0]
    assert (users["n_units"], blocks["n_units"]) == (1200, 30)
    assert blocks["high"] - blocks["low"] > 4 * (users["high"] - users["low"])


def test_blocks_may_be_durations() -> None:
    days = pd.date_range("2026-11-01", periods=4, freq="D", tz="UTC")
    a, b = table([1.0, 0, 1, 1], time=days), table([0.0, 0, 0, 0], time=days)
    assert compare_all({"a": a, "b": b}, block=pd.Timedelta(days=2)).iloc[0]["n_units"] == 2


def test_models_that_share_a_letter_do_not_differ() -> None:
    pairs = pd.DataFrame(
        {
            "a": ["one", "one", "one", "two", "two", "three"],
            "b": ["two", "three", "four", "three", "four", "four"],
            "p_holm": [0.5, 0.01, 0.001, 0.4, 0.02, 0.6],
        }
    )
    assert letters(pairs) == {"one": "a", "two": "ab", "three": "bc", "four": "c"}


@given(st.lists(st.booleans(), min_size=10, max_size=10))
def test_letters_tell_exactly_the_significant_pairs(differs: list[bool]) -> None:
    names = "vwxyz"
    pairs = pd.DataFrame([(a, b) for i, a in enumerate(names) for b in names[i + 1 :]])
    pairs.columns = pd.Index(["a", "b"])
    pairs["p_holm"] = np.where(differs, 0.01, 0.5)
    found = letters(pairs)
    for a, b, p in pairs.itertuples(index=False):
        assert bool(set(found[a]) & set(found[b])) == (p > 0.05)


@pytest.mark.parametrize(
    ("tables", "block", "message"),
    [
        ({"a": noisy(0.1, 1)}, None, "1 model given; two or more are compared"),
        ({"a": noisy(0.1, 1), "b": noisy(0.1, 1, n=9)}, None, "not the same ones"),
        ({"a": noisy(0.1, 1), "b": noisy(0.1, 2)}, 10_000, "all events lie in one block of 10000"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    tables: dict[str, pd.DataFrame], block: int | None, message: str
) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        compare_all(tables, block=block)
    assert "\n" not in str(caught.value)
