"""A report with every part and hostile names in it, and how its page is read."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
from typing_extensions import override

from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster
from onstage.monitoring.arriving import Arriving, Finding
from onstage.monitoring.drift import Drift
from onstage.registry.conditions import Condition
from onstage.reporting.report import (
    DataSummary,
    PromotionSummary,
    Report,
    Sample,
    SweepSummary,
)
from onstage.reporting.tables import LEADERBOARD


HOSTILE = "</td><script>alert('$x$')</script>"


def board(*models: str) -> pd.DataFrame:
    rows = [
        (model, "live-B", group, metric, 0.5 - 0.1 * at, 0.4 - 0.1 * at, 0.6 - 0.1 * at, 20)
        for at, model in enumerate(models)
        for group in ("all", "unseen")
        for metric in ("ndcg_at_10", "hr_at_1")
    ]
    return pd.DataFrame(rows, columns=list(LEADERBOARD.required))


def two_groups() -> Clusters:
    features = pd.DataFrame(
        {"coins": [1.0, 2, 3, 900, 901, 902, 903], "hour_sin": 0.5, "hour_cos": 0.1},
        index=pd.Index(range(7), name="user_id"),
    )
    return cluster(features, ClusterConfig(k_max=5))


TRIALS = pd.DataFrame(
    {
        "number": [0, 1, 2, 3],
        "state": ["COMPLETE", "PRUNED", "COMPLETE", "FAILED"],
        "value": [0.40, 0.30, 0.55, np.nan],
    }
)

PAIRS = pd.DataFrame({"a": ["als"], "b": [HOSTILE], "p_holm": [0.01], "mean": [0.1]})


def full() -> Report:
    sweep = SweepSummary(
        "als",
        20,
        0.5512,
        config={"factors": 64, "alpha": 17.234234, "title": HOSTILE},
        seconds=192.3,
        history=TRIALS,
        importance={"alpha": 0.75, HOSTILE: 0.25},
        link="http://127.0.0.1:5000/#/runs/abc",
    )
    hours = {"hour": [0, 12], "value": [0.5, 0.6], "low": [0.4, 0.5], "high": [0.6, 0.7]}
    condition = Condition(
        kind="baseline",
        what="ndcg_at_10 over popularity",
        passed=True,
        reason=f"gained +0.1000 over {HOSTILE}",
        challenger="als",
        value=0.1,
        low=0.05,
        high=0.15,
        limit=0.0,
        n=1420,
    )
    rows_doubled = Finding(
        name="rows", measure="change", distance=0.69, limit=0.22, ordinary=0.2, past=21,
        now=200.0, usual=100.0, judged=True, drifted=True,
    )  # fmt: skip
    return Report(
        title="retrain of demo",
        made_at="2026-11-22 08:15 UTC",
        data=DataSummary("demo", 105745, 2000, 1742, "step 0", "step 9", {HOSTILE: 12}, True, 14),
        leaderboard=board("als", HOSTILE),
        pairs={("live-B", "all"): PAIRS},
        protocols={"live-B": f"Who is live is ranked, says {HOSTILE}."},
        curves={HOSTILE: {"loss": {1: 2.0, 2: 1.5}, "ndcg_at_10": {1: 0.3, 2: 0.4}}},
        sweeps=(sweep,),
        promotion=PromotionSummary(
            promoted=True,
            sentence="first champion v1",
            verdict="first",
            model="als",
            version="1",
            champion="als",
            champion_version="1",
            reasons=(f"gained over {HOSTILE}",),
            conditions=(condition,),
            gains=pd.DataFrame(
                {"opponent": ["popularity"], "value": [0.1], "low": [0.05], "high": [0.15], "n": 20}
            ),
        ),
        drift=Drift(
            arriving=Arriving(starts=HOSTILE, ends="step 9", rows=9, findings=(rows_doubled,))
        ),
        clusters={"users": two_groups()},
        hours=pd.DataFrame(hours),
        samples=(
            Sample(HOSTILE, (HOSTILE,), ("shroud", HOSTILE), "new", frozenset({1}), "the busiest"),
        ),
        samples_note=f"At {HOSTILE}.",
        costs=pd.DataFrame(
            {
                "model": ["als", HOSTILE],
                "fit_seconds": [75.04, 0.001],
                "evaluation_seconds": [np.nan, 2.0],
                "latency_ms": [3.217, np.nan],
                "size_bytes": [2_400_000.0, 800.0],
            }
        ),
        provenance={"data digest": "abc", "split": HOSTILE},
        environment={"python": "3.11"},
        links={"Data Docs": "docs/index.html", "trap": "javascript:alert(1)"},
        notes=(f"RANDOM SPLIT: {HOSTILE}",),
    )


class Page(HTMLParser):
    """Tags, what they load or link to, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name in {"src", "srcset", "data", "poster", "background"}:
                self.loads.append(str(value))
            if name == "href":
                self.links.append(str(value))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._cell = True

    @override
    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"td", "th"}

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())
        if self._cell:
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a kind."""
        return [attrs for name, attrs in self.tags if name == tag]

    def row(self, *starts: str) -> list[str]:
        """The first row of a table whose cells begin so."""
        return next(row for row in self.rows if tuple(row[: len(starts)]) == starts)
