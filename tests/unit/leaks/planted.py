"""What the lint's tests share: the protocols, a log, and what a finding has to say."""

import numpy as np
import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import LeakError, SplitError
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.report import LeakReport
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol, TemporalProtocol


PROTOCOLS = [
    TemporalProtocol(),
    MaskedProtocol(),
    *(LiveProtocol(track=track, part_steps=40) for track in ("A", "B", "C")),
]


def watches(seed: int = 0) -> Dataset:
    """30 viewers and 20 streamers over 400 hours; each watch runs three hours."""
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(0, 400, 900))
    table = pd.DataFrame(
        {
            "user_id": rng.integers(100, 130, 900),
            "item_id": rng.choice(20, 900, p=np.arange(1, 21) / 210),
            "timestamp": start,
            "ends_at": start + 3,
        }
    ).drop_duplicates()
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=3600))


def found(finding: Finding) -> str:
    assert finding.leaks > 0
    report = LeakReport(split={"live-C": "time"}, findings={"live-C": (finding,)})
    with pytest.raises(LeakError) as caught:
        report.raise_if_leaking("cheat")
    assert isinstance(caught.value, SplitError)
    said = str(caught.value)
    assert said.startswith(f"cheat, live-C: {finding.check} (test): {finding.leaks} leaks in ")
    assert said.endswith(finding.remedy)
    assert "\n" not in said
    return said
