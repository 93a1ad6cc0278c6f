"""What every cluster does, whoever made it."""

from pathlib import Path
from typing import Any

import pytest

from onstage.config import RunnerConfig
from onstage.errors import OrchestrationError
from tasks.engines.engine import Engine


class Refusing(Engine):
    """A cluster that lets nobody in, and breaks when one leaves, as Ray's client does."""

    kind = "ray"

    def _made(self, runner: RunnerConfig) -> None:
        pass

    def _enter(self) -> None:
        raise ConnectionError("connection\ntimeout")

    def _look(self, home: str) -> dict[str, str]:
        raise NotImplementedError

    def run(self, task: Any, parameters: dict[str, Any]) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        raise AssertionError


def test_a_cluster_that_cannot_be_joined_is_one_line_even_if_leaving_it_fails(
    tmp_path: Path,
) -> None:
    said = "runner ray at this machine: connection timeout; start it, or check runner.address"
    with pytest.raises(OrchestrationError, match=f"^{said}$"):
        Refusing(RunnerConfig(kind="ray"), tmp_path)
