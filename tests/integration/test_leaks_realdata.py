"""The lint on real logs: nothing leaks, and the numbers are those of the logs."""

from pathlib import Path
from typing import Any

import pytest

from onstage.config import load_config
from onstage.data.sources.ingest import ingest
from onstage.evaluation.leaks.fitted import fitted
from onstage.evaluation.leaks.future import future
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions
from onstage.pipeline.exams import Log


pytestmark = [pytest.mark.integration, pytest.mark.realdata]

CONFIGS = Path(__file__).parents[2] / "configs"


def log_of(name: str, folder: Path) -> tuple[Log, Any]:
    config = load_config(CONFIGS / f"{name}.yaml")
    ingest(config.data, config.clock, folder)
    return Log(folder, config.clock), config.protocols


@pytest.mark.parametrize(
    ("name", "training_rows", "candidates"),
    [("deskdrop", 63_025, 0), ("twitch105k", 96_655, 2_407)],
)
def test_no_real_log_leaks(
    name: str,
    training_rows: int,
    candidates: int,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ONSTAGE_DATA", str(data))
    log, protocols = log_of(name, tmp_path)
    for protocol in protocols:
        findings = log.lint(protocol)
        assert [f.sentence for f in findings if f.leaks] == []
        exam = log.exam(protocol).test
        for algorithm in ({"algorithm": "memory", "kind": "count"}, {"algorithm": "item_knn"}):
            model = build(parse(algorithm))
            model.fit(exam.train, FitOptions(availability=log.availability))
            asked = future(model, exam, log.dataset)
            assert asked.numbers["events"] > 0
            found = (asked, fitted(model, exam, log.availability))
            assert [f.sentence for f in found if f.leaks] == []
    first = log.lint(protocols[0])
    assert first[3].numbers["training rows"] == training_rows
    assert first[5].numbers["candidates"] == candidates  # of 48 events of track C
