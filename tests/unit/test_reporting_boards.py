"""The page says what the leaderboard says, whatever the leaderboard looks like."""

import math
import re
import time

import numpy as np
import pandas as pd
import pytest

from onstage.evaluation.pairwise import letters
from onstage.reporting.boards import boards
from onstage.reporting.intervals import Scale, interval_svg
from onstage.reporting.page import report_html
from onstage.reporting.report import Report
from onstage.reporting.tables import LEADERBOARD, Cell


GROUPS = ("all", "repeat", "unseen", "viewers:1", "viewers:2")
METRICS = ("ndcg_at_10", "recall_at_10", "hr_at_1", "mrr_at_10", "coverage_at_10")


def board(
    models: int,
    *,
    protocols: tuple[str, ...] = ("live-C",),
    groups: tuple[str, ...] = GROUPS,
    seed: int = 0,
) -> pd.DataFrame:
    """Random numbers; coverage only where it is defined, in the group ``all``."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"model-{m}", protocol, group, metric, value, value - 0.02, value + 0.02, 500)
        for protocol in protocols
        for m in range(models)
        for group in groups
        for metric in METRICS
        if metric != "coverage_at_10" or group == "all"
        for value in [rng.uniform(0.4, 0.9)]
    ]
    table = pd.DataFrame(rows, columns=list(LEADERBOARD.required))
    table.loc[table["metric"] == "coverage_at_10", ["low", "high"]] = np.nan
    return table


def pairs(*different: tuple[str, str], models: int = 3) -> pd.DataFrame:
    """All pairs, those of `different` with a small p-value."""
    names = [f"model-{m}" for m in range(models)]
    made = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
    return pd.DataFrame(
        [(a, b, 0.001 if (a, b) in different else 0.5) for a, b in made],
        columns=["a", "b", "p_holm"],
    )


def tables(page: str) -> dict[str, list[list[str]]]:
    """Rows of texts by the table's caption."""
    found = {}
    for table in re.findall(r"<table.*?</table>", page, flags=re.DOTALL):
        caption = re.search(r"<caption><span>(.*?)</span>", table, flags=re.DOTALL)
        body = table.partition("<tbody>")[2]
        found["" if caption is None else caption[1]] = [
            [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", r)]
            for r in body.split("</tr>")[:-1]
        ]
    return found


def test_every_number_and_interval_is_that_of_the_leaderboard() -> None:
    rows = board(4, protocols=("live-C", "live-A"))
    found = tables(report_html(Report(title="t", leaderboard=rows)))
    for protocol, caption in (
        ("live-C", "live-C, all: 500 events, the same for every model"),
        ("live-A", "live-A, all: 500 events"),
    ):
        mine = rows[(rows["protocol"] == protocol) & (rows["group"] == "all")]
        wide = mine.pivot_table(index="model", columns="metric", values="value")
        ordered = wide.sort_values("ndcg_at_10", ascending=False)
        assert [row[1] for row in found[caption]] == list(ordered.index)
        for row, (model, values) in zip(found[caption], ordered.iterrows(), strict=True):
            shown = [float(re.split(r"\s+", cell)[0]) for cell in row[3:]]
            wanted = [values[metric] for metric in METRICS]
            assert shown == pytest.approx(wanted, abs=5e-5), model
            low, high = re.findall(r"\d\.\d{4}", row[3])[1:]
            assert float(low) == pytest.approx(values["ndcg_at_10"] - 0.02, abs=5e-5)
            assert float(high) == pytest.approx(values["ndcg_at_10"] + 0.02, abs=5e-5)


def test_letters_are_those_of_the_comparison_and_stand_only_where_one_was_made() -> None:
    found = pairs(("model-0", "model-1"), ("model-0", "model-2"))
    report = Report(title="t", leaderboard=board(3), pairs={("live-C", "all"): found})
    first = boards(report)[0].first
    assert first.lettered
    assert {line.model: line.letters for line in first.lines} == letters(found)
    assert letters(found) == {"model-0": "a", "model-1": "b", "model-2": "b"}
    assert not any(table.lettered for table in boards(report)[0].others)
    assert report_html(report).count('<th scope="col" class="letters">') == 1


def test_a_metric_that_is_not_defined_in_a_group_has_no_column_there() -> None:
    first, unseen = boards(Report(title="t", leaderboard=board(2)))[0], "unseen"
    assert first.first.metrics[-1] == "coverage_at_10"
    other = next(table for table in first.others if table.group == unseen)
    assert "coverage_at_10" not in other.metrics
    assert all(len(line.cells) == len(other.metrics) for line in other.lines)


def test_slices_have_every_group_with_the_best_of_each() -> None:
    rows = board(3)
    made = boards(Report(title="t", leaderboard=rows))[0].slices
    assert made is not None
    assert [group for group, _ in made.heads] == list(GROUPS)
    ndcg = rows[rows["metric"] == "ndcg_at_10"]
    assert list(made.best) == [ndcg[ndcg["group"] == g]["value"].max() for g in GROUPS]
    page = report_html(Report(title="t", leaderboard=rows))
    assert page.count('class="top"') == len(GROUPS)
    found = tables(page)
    assert {f"live-C, {group}: 500 events" for group in GROUPS[1:]} <= set(found)
    mine = rows[(rows["group"] == "viewers:2") & (rows["metric"] == "hr_at_1")]
    column = {row[1]: row[5].split()[0] for row in found["live-C, viewers:2: 500 events"]}
    assert column == {m: f"{v:.4f}" for m, v in zip(mine["model"], mine["value"], strict=True)}


def test_a_random_split_is_stamped_on_its_tables() -> None:
    rows = board(2, protocols=("masked", "temporal")).assign(split="time")
    rows.loc[rows["protocol"] == "masked", "split"] = "random"
    found = tables(report_html(Report(title="t", leaderboard=rows)))
    stamped = [caption for caption in found if "RANDOM SPLIT" in caption]
    assert len(stamped) == len(GROUPS) + 1  # and the slices
    assert all("masked" in caption for caption in stamped)


def test_one_model_is_a_page() -> None:
    page = report_html(Report(title="t", leaderboard=board(1, groups=("all",))))
    assert "model-0 leads under live-C" in page
    assert "it is the only model" in page
    assert "There is one group of events only." in page


def test_a_metric_that_is_nan_for_all_is_a_page_that_says_so() -> None:
    rows = board(3).assign(value=np.nan, low=np.nan, high=np.nan)
    page = report_html(Report(title="t", leaderboard=rows))
    assert "No model has a value of ndcg@10 under live-C." in page
    assert '<svg class="bar"' not in page
    assert tables(page)["live-C, all: 500 events, the same for every model"][0][-1] == "-"


def test_two_hundred_slices_stand_down_the_page() -> None:
    groups = ("all", *(f"viewers:{number}" for number in range(1, 201)))
    report = Report(title="t", leaderboard=board(15, groups=groups))
    made = boards(report)[0].slices
    assert made is not None
    assert made.down
    assert boards(report)[0].by_kind == ()
    page = report_html(report)
    body = tables(page)["ndcg@10 under live-C, by slice of events; the best of each slice in bold"]
    assert [row[0] for row in body] == list(groups)
    assert {len(row) for row in body} == {17}  # slice, events, 15 models
    assert len(page.encode()) < 3_000_000


def test_fifteen_models_and_three_protocols_stay_below_three_megabytes() -> None:
    names = [f"model-{m}" for m in range(15)]
    costs = pd.DataFrame({"model": names, "fit_seconds": 2.0, "evaluation_seconds": 1.0})
    began = time.perf_counter()
    report = Report(
        title="t",
        leaderboard=board(15, protocols=("live-C", "live-B", "live-A")),
        pairs={
            (protocol, group): pairs(models=15)
            for protocol in ("live-C", "live-B", "live-A")
            for group in ("all", "repeat", "unseen")
        },
        costs=costs.assign(latency_ms=np.geomspace(0.1, 50, 15), size_bytes=1e6),
        curves={name: {"loss": {e: 1 / e for e in range(1, 30)}} for name in names[:4]},
    )
    size = len(report_html(report).encode())
    assert 100_000 < size < 3_000_000
    assert time.perf_counter() - began < 60


def test_the_drawing_reaches_from_the_least_to_the_most() -> None:
    cells = [Cell(0.8, 0.7, 0.9), Cell(0.6, 0.5, 0.7)]
    scale = Scale.of(cells)
    assert (scale.low, scale.high) == (0.5, 0.9)
    assert (scale.place(0.5), scale.place(0.7), scale.place(0.9)) == pytest.approx((10, 54, 98))
    assert 'd="M54.0 6H98.0M54.0 4V8M98.0 4V8"' in interval_svg(cells[0], scale, cells[0])
    assert 'class="band" x="54.0" width="44.0"' in interval_svg(cells[1], scale, cells[0])


def test_far_behind_is_an_arrow_and_does_not_press_the_others_together() -> None:
    scale = Scale.of([Cell(0.8, 0.7, 0.9), Cell(0.3, 0.2, 0.4)])  # 0.3 < 0.8 / 2
    assert (scale.low, scale.high) == (0.7, 0.9)
    arrow = interval_svg(Cell(0.3, 0.2, 0.4), scale)
    assert 'class="far"' in arrow
    assert 'class="value"' not in arrow
    assert "0.3000 [0.2000, 0.4000]" in arrow


def test_equal_numbers_without_intervals_stand_in_the_middle() -> None:
    scale = Scale.of([Cell(0.5), Cell(0.5), Cell()])
    assert scale.place(0.5) == 54
    assert "whisker" not in interval_svg(Cell(0.5), scale)
    assert interval_svg(Cell(), scale) == ""
    assert not Scale.of([Cell()]).known
    assert math.isnan(Scale.of([]).low)
