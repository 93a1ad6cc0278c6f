"""Rolling origins on a real store: each knows only what was before it."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.errors import ConfigError, SplitError
from onstage.pipeline.backtest import backtested, read_events
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.origins import Origin, log_until, origins_of
from onstage.pipeline.ranking import ranked
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.rolling import FOLIO, gathered, metrics_of, text_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from tests.integration.accepting import accepted, crowded, hourly


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]

LIVE = {"kind": "live", "track": "B", "part_steps": 10, "part_step_seconds": 3600}


def recipes(space: Workspace) -> list[Recipe]:
    return [Recipe(name=n, config=c, origin="fixed") for n, c in space.config.models.items()]


def examined(space: Workspace, log: Reference) -> tuple[Reference, dict[str, Reference]]:
    tables = {one.name: backtested(space, log, one) for one in recipes(space)}
    return ranked(space, tables, recipes(space)), tables


def test_origins_ask_about_parts_that_follow_each_other_and_train_on_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = hourly(tmp_path, monkeypatch, protocols=[LIVE])
    whole = accepted(space, crowded().drop_duplicates(), "900")
    found = origins_of(space, whole, 4)
    assert [one.number for one in found] == [0, 1, 2, 3]
    assert found[0].log == whole
    for newer, older in pairwise(found):
        assert older.ends <= newer.starts
        assert older.ends - older.starts == 10  # a whole part
        assert older.rows < newer.rows
    for one in found:
        log = accepted_log(space, one.log)
        exam = log.exam(space.config.primary).test
        assert exam.train.ends is not None
        assert exam.train.ends.max() < one.starts
        assert exam.requests.times.min() >= one.starts
        assert log.availability.ends.max() <= one.ends


def test_what_happens_later_changes_nothing_at_an_earlier_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = hourly(tmp_path, monkeypatch, protocols=[LIVE])
    table = crowded().drop_duplicates()
    late = table[Columns.TIME] >= 90
    other = pd.concat([table[~late], table[late].assign(**{Columns.ITEM: 99})])
    one, two = accepted(space, table, "one"), accepted(space, other, "two")
    then = [log_until(space, log, 90) for log in (one, two)]
    assert then[0].digest == then[1].digest
    _, tables = examined(space, then[0])
    assert {made.reused for made in examined(space, then[1])[1].values()} == {True}
    events = read_events(space, tables["memory"], "live-B")
    assert events[Columns.TIME].max() < 90


def test_a_table_of_all_origins_is_drawn_told_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = hourly(tmp_path, monkeypatch, protocols=[LIVE])
    log = accepted(space, crowded().drop_duplicates(), "900")
    origins: list[Origin] = origins_of(space, log, 3)
    boards = {one.number: examined(space, one.log)[0] for one in origins}
    mine = {one.number: recipes(space) for one in origins}
    made = gathered(space, log, origins, boards, mine)
    facts = FOLIO.facts(space, made)
    best = facts["models"][0]
    values = [r["value"] for r in facts["rows"] if r["model"] == best["model"]]
    assert best["mean"] == pytest.approx(sum(values) / 3)
    assert f"{best['mean']:.4f}" in text_of(facts)
    run = FOLIO.record(space, log, made)
    assert FOLIO.record(space, log, made) == run
    logged = tracker_of(space).get(run).metrics
    assert logged == pytest.approx(metrics_of(facts))
    assert logged[f"ndcg_at_10/{best['model']}/mean"] == pytest.approx(best["mean"])
    page = FOLIO.path(space).read_text()
    assert facts["sentence"] in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert (space.store.path(made, "figures/origins.png")).stat().st_size > 10_000
    json.dumps(facts, allow_nan=False)


def test_a_log_too_short_for_so_many_origins_says_how_many_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = hourly(tmp_path, monkeypatch, protocols=[LIVE])
    log = accepted(space, crowded().drop_duplicates(), "900")
    with pytest.raises(SplitError) as told:  # 100 hours are at most eight parts of ten and training
        origins_of(space, log, 12)
    said = str(told.value)
    assert "too short for 12 origins" in said
    possible = int(said.split("--origins ")[1].split(",")[0])
    assert len(origins_of(space, log, possible)) == possible


def test_a_random_split_has_no_earlier_one_and_one_origin_is_no_rolling_backtest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = hourly(tmp_path, monkeypatch, protocols=[{"kind": "masked"}])
    log = accepted(space, crowded().drop_duplicates(), "900")
    with pytest.raises(ConfigError, match="masked is a random split, which has no earlier one"):
        origins_of(space, log, 4)
    with pytest.raises(ConfigError, match="origins: 1 is no rolling backtest"):
        origins_of(space, log, 1)
