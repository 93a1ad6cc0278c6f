"""A planted leak ends `onstage backtest`; without it the command says what was looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main
from onstage.pipeline.exams import Log
from onstage.splitting.holdout import Holdouts


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def test_a_leak_ends_the_backtest_with_one_line(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = Log.exam

    def leaky(self: Log, protocol: Any) -> Holdouts:
        made = exam(self, protocol)
        return replace(made, test=replace(made.test, train=self.dataset))

    content = yaml.safe_load(config.read_text())
    content |= {"name": "leaky", "sweep": {"algorithms": {}}}  # nothing of it is in the store
    again = config.with_name("leaky.yaml")
    again.write_text(yaml.safe_dump(content, sort_keys=False))
    with monkeypatch.context() as patch:
        patch.setattr(Log, "exam", leaky)
        patch.setattr(Log, "lint", Log.lint.__wrapped__)
        refused = CliRunner().invoke(main, ["backtest", str(again)])
    assert refused.exit_code == 1
    error = [line for line in refused.stderr.splitlines() if line.startswith("onstage: ")]
    assert len(error) == 1
    assert error[0].startswith("onstage: popularity, live-B: overlap (test): ")

    passed = CliRunner().invoke(main, ["backtest", str(again)])
    assert passed.exit_code == 0
    assert "leaks: 16 checks of 2 models under live-B passed: " in passed.stdout
