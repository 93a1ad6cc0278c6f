"""The page of an exploration: offline, escaped, the same bytes, every figure also as PNG."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.survey import ColumnSurvey, Survey, TableSurvey
from onstage.data.tables import write_table
from onstage.exploring.exhibit import Chapter, Exploration
from onstage.exploring.explore import Provenance, chapters
from onstage.exploring.tables import opened
from onstage.exploring.wording import change, coefficient, duration, listed, number, percent
from onstage.reporting.exploration.page import render_exploration


HOSTILE = "</td><script>alert('$x$')</script>"
COLUMNS = {"user_id": "u", "item_id": "i", "timestamp": "t"}


def exploration(tmp_path: Path) -> Exploration:
    folder = tmp_path / "tables"
    folder.mkdir()
    rng = np.random.default_rng(0)
    n = 400
    starts = pd.Timestamp("2021-06-07T00:00:00Z") + pd.to_timedelta(np.arange(n), unit="h")
    windows = pd.DataFrame(
        {
            "item_id": [HOSTILE] * n,
            "starts": starts,
            "ends": starts + pd.to_timedelta(rng.integers(1, 9, n), unit="h"),
            "broadcast_id": np.arange(n),
            **{name: rng.poisson(9, n) * 1.0 for name in ("like_count", "comment_count")},
            "diamonds": rng.exponential(9, n) ** 3,
            "odd/@ $name$": rng.poisson(3, n) * 1.0,
        }
    )
    log = pd.DataFrame(
        {
            "user_id": rng.integers(0, 40, n),
            "item_id": [HOSTILE] * n,
            "timestamp": starts,
            "duration_seconds": rng.exponential(1800, n),
            "broadcast_id": np.arange(n),
            "event": [HOSTILE] * n,
            "weight": 1.0,
        }
    )
    pairs = rng.permutation(n)
    related = pd.DataFrame(
        {"user_id": pairs, "item_id": 1, "views": pairs * 1.0, "coins": pairs % 7 * 1.0}
    )
    for name, table in {"interactions": log, "windows": windows, "relations": related}.items():
        write_table(table, folder, name)
    column = ColumnSurvey(name=HOSTILE, use="user_id", rows=n, missing=3)
    survey = Survey(
        tables=(TableSurvey(table="interactions", files=("a",), rows=n, kept=n, columns=(column,)),)
    )
    given = {"path": "a", "columns": {**COLUMNS, "event": "e"}, "events": {HOSTILE: 1}}
    source = {"path": "w", "columns": {"item_id": "i", "starts": "s", "ends": "e"}}
    data = DataConfig.model_validate({"interactions": given, "windows": source})
    with opened(folder, tmp_path, data, Clock()) as tables:
        parts = chapters(tables, data, Provenance(survey, n, n))
    return Exploration(HOSTILE, parts, {"seed": "0"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Exploration, Path]:
    folder = tmp_path_factory.mktemp("explored")
    explored = exploration(folder)
    render_exploration(explored, folder)
    return explored, folder


def test_the_page_asks_for_nothing_but_itself(made: tuple[Exploration, Path]) -> None:
    page = (made[1] / "explore.html").read_text()
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert addresses
    assert all(a.startswith(("data:", "#")) for a in addresses)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "width=device-width" in page
    assert "@media print" in page


def test_every_value_is_escaped(made: tuple[Exploration, Path]) -> None:
    page = (made[1] / "explore.html").read_text()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_every_figure_of_the_page_is_a_file_as_well(made: tuple[Exploration, Path]) -> None:
    explored, folder = made
    page = (folder / "explore.html").read_text()
    files = sorted(path.name for path in (folder / "figures").iterdir())
    assert len(files) == page.count("<img")
    assert {
        "activity_rows.png",
        "boxes_engagement_count.png",
        "stream_scatters_diamonds_odd_name.png",
        "events.png",
        "long_tail_share.png",
        "relation_correlations.png",
        "repeats.png",
        "rows_per_user.png",
        "stream_correlations.png",
        "stream_scatters_like_count_comment_count.png",
        "watch_duration_log.png",
        "weekdays_watch_time.png",
    } <= set(files)
    signature = (folder / "figures" / files[0]).read_bytes()[:4]
    assert signature == b"\x89PNG"
    assert all(f'id="{shown.key}"' in page for shown in explored.exhibits)


def test_every_exhibit_says_what_it_shows(made: tuple[Exploration, Path]) -> None:
    sentences = [shown.sentence for shown in made[0].exhibits]
    assert all(text.endswith(".") for text in sentences)
    assert all(any(c.isdigit() for c in text) for text in sentences)


def test_the_same_exploration_has_the_same_bytes(
    made: tuple[Exploration, Path], tmp_path: Path
) -> None:
    kinds = {"overview", "watch_duration", "boxes_diamonds", "relation_scatters"}
    few = tuple(
        Chapter(c.title, tuple(part for part in c.parts if part.key in kinds))
        for c in made[0].chapters
    )
    pages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        page = render_exploration(Exploration("few", few), tmp_path / name)
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0].count(b"<img") == 4  # 2 of durations, 1 box plot, 1 pair


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert percent(0.0) == "0.0 %"
    assert percent(1e-9) == "less than 0.1 %"
    assert percent(1 - 1e-9) == "more than 99.9 %"
    assert percent(1.0) == "100.0 %"
    assert percent(0.194) == "19.4 %"
    assert percent(None) == percent(float("nan")) == "unknown"


def test_numbers_are_written_as_a_person_writes_them() -> None:
    assert [number(v) for v in (1234567.0, 12.34, 0.00123, None)] == [
        "1,234,567",
        "12.3",
        "0.00123",
        "unknown",
    ]
    assert [duration(s) for s in (1, 59.9, 61, 3_599.6, 7_261, 1_014_573)] == [
        "1 s",
        "59.9 s",
        "1 min 1 s",
        "1 h 0 min",
        "2 h 1 min",
        "11 d 17 h",
    ]
    assert coefficient(-0.001) == "0.00"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefghij"), most=2) == "a, b and 8 more"
    assert change(10, 12) == "20.0 % more"
    assert change(10, 5) == "50.0 % fewer"
    assert change(0, 5) == "more than none"
