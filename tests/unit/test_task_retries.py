"""A task is tried again where that can help, and nowhere else."""

from types import SimpleNamespace
from typing import Any

import pytest

from onstage.errors import (
    ConfigError,
    LostError,
    OrchestrationError,
    StoreError,
    TrackingError,
    UnreachableError,
)
from tasks.running import outside_failed


@pytest.mark.parametrize(
    ("problem", "again"),
    [
        (UnreachableError("the database restarts"), True),
        (TrackingError("MLflow restarts"), True),
        (LostError("a worker died"), True),
        (TimeoutError("no answer"), True),
        (OrchestrationError("nobody at runner.address, or the cluster is gone"), False),
        (ConfigError("no such option"), False),
        (StoreError("a full disk"), False),
        (ValueError("a fault"), False),
    ],
)
def test_what_failed_outside_is_tried_again_unless_the_cluster_did(
    problem: Exception, again: bool
) -> None:
    """The flow has one cluster: every further try would meet the same one."""
    nothing: Any = None
    state: Any = SimpleNamespace(result=lambda *, raise_on_failure: problem)
    assert outside_failed(nothing, nothing, state) is again
