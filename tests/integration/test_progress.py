"""Long work shows a bar on a terminal, none elsewhere, and none when told so."""

import io
import sqlite3
import sys
from pathlib import Path

import pytest

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.settings import load_settings
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep


pytestmark = pytest.mark.integration

SPACE = make_space(MemoryConfig(), {"half_life_days": {"type": "float", "low": 1.0, "high": 9.0}})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def flat(config: ModelConfig, watch: Watch) -> Outcome:
    return Outcome(0.5)


def shown_by_a_sweep(folder: Path) -> str:
    sweep(
        "memory", None, SPACE, flat,
        trials=2, seed=0, folder=folder, metric="ndcg_at_10", progress=load_settings().progress,
    )  # fmt: skip
    return str(getattr(sys.stderr, "getvalue", str)())


def shown_by_a_query(folder: Path) -> str:
    file = folder / "watch.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE watch (person integer, show text, at integer)")
        database.execute("INSERT INTO watch VALUES (1, 'a', 10)")
    database.close()
    columns = {"user_id": "person", "item_id": "show", "timestamp": "at"}
    query = {"url": f"sqlite:///{file}", "query": "SELECT * FROM watch"}
    config = DataConfig.model_validate(
        {"interactions": {**query, "columns": columns, "time": {"unit": "s"}}}
    )
    ingest(config, Clock(), folder)
    return str(getattr(sys.stderr, "getvalue", str)())


WORK = [(shown_by_a_sweep, "sweep memory: 100%"), (shown_by_a_query, "query interactions: 1.00")]


@pytest.mark.parametrize(("work", "bar"), WORK)
def test_a_terminal_sees_a_bar(
    work: object, bar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONSTAGE_PROGRESS", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert callable(work)
    assert bar in work(tmp_path)


@pytest.mark.parametrize(("work", "bar"), WORK)
def test_a_file_sees_none(
    work: object, bar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONSTAGE_PROGRESS", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert callable(work)
    assert bar not in work(tmp_path)


@pytest.mark.parametrize(("work", "bar"), WORK)
def test_a_terminal_sees_none_when_told_so(
    work: object, bar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_PROGRESS", "0")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert callable(work)
    assert bar not in work(tmp_path)
