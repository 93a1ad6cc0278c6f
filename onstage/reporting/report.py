"""What a report of one retrain says: plain values, filled in by whoever ran it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Self

import pandas as pd

from onstage.clustering.clusters import Clusters
from onstage.contracts import ID_KINDS, NUMBER_KINDS, TableContract
from onstage.evaluation.evaluate import ALL
from onstage.monitoring.drift import Drift
from onstage.registry.conditions import Condition
from onstage.registry.promotion import Decision, Verdict
from onstage.reporting.tables import PRIMARY, Cell


EMPTY: Mapping[Any, Any] = MappingProxyType({})

COSTS = TableContract(
    name="costs",
    required=MappingProxyType(
        {"model": ID_KINDS, "fit_seconds": NUMBER_KINDS, "evaluation_seconds": NUMBER_KINDS}
    ),
    optional=MappingProxyType(
        dict.fromkeys(("event_ms", "latency_ms", "latency_p95_ms", "size_bytes"), NUMBER_KINDS)
    ),
)
"""One row per model; ``nan`` is not measured. ``fit_seconds`` and ``evaluation_seconds`` are of one
fit; ``event_ms`` is the evaluation per event, blocks of events at once; ``latency_ms``,
``latency_p95_ms``: one request at a time; ``size_bytes``: the saved arrays."""

GAINS = TableContract(
    name="gains",
    required=MappingProxyType(
        {"opponent": ID_KINDS, **dict.fromkeys(("value", "low", "high", "n"), NUMBER_KINDS)}
    ),
)
"""One row per opponent: challenger - opponent on the same ``n`` events."""

HOURS = TableContract(
    name="hours", required=MappingProxyType({"hour": NUMBER_KINDS, "value": NUMBER_KINDS})
)
"""See :func:`onstage.reporting.plots.hour_plot`."""


@dataclass(frozen=True)
class DataSummary:
    """The log that was trained on, after validation.

    Attributes
    ----------
    name
        Of the data set.
    rows, users, items
        Counts of what was accepted.
    starts, ends
        First and last time, as the clock renders them.
    quarantined
        Reason to number of rows that were set aside.
    accepted
        The verdict of validation; None: it was not run.
    checks
        How many expectations were checked, if known.
    failed
        Expectations that did not hold, one line each.
    """

    name: str
    rows: int
    users: int
    items: int
    starts: str = ""
    ends: str = ""
    quarantined: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    accepted: bool | None = None
    checks: int | None = None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class SweepSummary:
    """One study: the best configuration of one algorithm.

    Attributes
    ----------
    value
        The best trial's objective on the validation part; None where no trial finished.
    trials, pruned, failed
        All trials, and those of them that were stopped early or failed.
    config
        Hyperparameters of the best trial.
    seconds
        Wall time of the study, None if unknown.
    history
        See :func:`onstage.reporting.sweep_plots.history_plot`; None where it cannot be read.
    importance
        Parameter to its share of the variation in the value, largest first.
    link
        Address of its MLflow run.
    """

    algorithm: str
    trials: int
    value: float | None
    metric: str = PRIMARY
    config: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    pruned: int = 0
    failed: int = 0
    seconds: float | None = None
    history: pd.DataFrame | None = None
    importance: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    link: str | None = None


@dataclass(frozen=True)
class PromotionSummary:
    """Whether the champion changed, and why.

    Attributes
    ----------
    verdict
        In one word; empty where it is not known.
    model, version
        Who was put forward: name on the leaderboard and version.
    champion, champion_version
        The champion after the decision: name on the leaderboard and version.
    conditions
        Everything that was looked at, with its numbers.
    gains
        See :data:`GAINS`.
    """

    promoted: bool
    sentence: str
    reasons: tuple[str, ...] = ()
    metric: str = PRIMARY
    gains: pd.DataFrame | None = None
    verdict: Verdict | Literal[""] = ""
    model: str = ""
    version: str = ""
    champion: str = ""
    champion_version: str = ""
    conditions: tuple[Condition, ...] = ()

    @property
    def differences(self) -> dict[str, tuple[Cell, int]]:
        """Opponent to its line of `gains`: challenger - opponent, and the number of events.

        Raises
        ------
        ContractError
            If `gains` has another shape.
        """
        if self.gains is None:
            return {}
        return {
            str(row["opponent"]): (Cell(row["value"], row["low"], row["high"]), int(row["n"]))
            for row in GAINS.check(self.gains).to_dict("records")
        }

    @classmethod
    def from_decision(cls, decision: Decision, *, metric: str = PRIMARY) -> Self:
        """Copy what :func:`onstage.registry.promotion.decide` gave."""
        gains = [
            (opponent, gain.mean, gain.low, gain.high, gain.n_events)
            for opponent, gain in decision.intervals.items()
        ]
        return cls(
            promoted=decision.promote,
            sentence=decision.sentence,
            reasons=decision.reasons,
            metric=metric,
            gains=pd.DataFrame(gains, columns=["opponent", "value", "low", "high", "n"]),
            verdict=decision.verdict,
            model=decision.challenger.name,
            version=decision.challenger.version or "",
            conditions=decision.conditions,
        )


@dataclass(frozen=True)
class Sample:
    """What one user had last and is recommended now.

    Attributes
    ----------
    had
        Titles or ids, newest first.
    recommended
        Titles or ids, best first.
    again
        Places (from 0) of `recommended` that the user had before.
    kind
        Why this user is an example, e.g. ``among the busiest``.
    note
        E.g. that popularity answered because the user is new.
    """

    user: str
    had: tuple[str, ...]
    recommended: tuple[str, ...]
    note: str = ""
    again: frozenset[int] = frozenset()
    kind: str = ""


@dataclass(frozen=True)
class Report:
    """Everything one page says about one retrain. A part that is None or empty is noted as such.

    Attributes
    ----------
    title
        Heading of the page.
    made_at
        When, as text: given from outside, so that the same report has the same bytes.
    leaderboard
        See :data:`onstage.reporting.tables.LEADERBOARD`.
    metrics, primary
        Which metrics to show, and the one to sort by and to draw.
    group
        The slice that the primary metric is read on.
    pairs
        Protocol and group to what :func:`onstage.evaluation.pairwise.compare_all` found there;
        where there is none, the table has no letters.
    confidence
        Level of the intervals; letters are at one minus it.
    protocols
        Name to a sentence on how it cuts the log.
    curves
        Model to name to epoch to value, of models that learn in epochs.
    drift
        What has changed since earlier periods and retrains.
    clusters
        ``"users"`` and ``"items"`` to their clusters.
    slices
        Protocol to the clusters of users that its groups ``viewers:1`` … are named after.
    hours
        See :data:`HOURS`.
    occasions
        See :func:`onstage.reporting.occasions.occasion_table`.
    samples_note
        For when the examples are, and who could be recommended.
    costs
        See :data:`COSTS`.
    provenance
        What the numbers were made from: digests, version of the code, split, seeds.
    environment
        Versions of the libraries: name to value.
    links
        Name to address: MLflow run, Data Docs. Only ``http``, ``https``, ``file`` and relative
        ones become links.
    notes
        Sentences that a reader must not miss, shown on top.
    """

    title: str
    made_at: str = ""
    data: DataSummary | None = None
    leaderboard: pd.DataFrame | None = None
    metrics: tuple[str, ...] | None = None
    primary: str = PRIMARY
    group: str = ALL
    pairs: Mapping[tuple[str, str], pd.DataFrame] = field(default_factory=lambda: EMPTY)
    confidence: float = 0.95
    protocols: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    curves: Mapping[str, Mapping[str, Mapping[int, float]]] = field(default_factory=lambda: EMPTY)
    sweeps: tuple[SweepSummary, ...] = ()
    promotion: PromotionSummary | None = None
    drift: Drift | None = None
    clusters: Mapping[str, Clusters] = field(default_factory=lambda: EMPTY)
    slices: Mapping[str, Clusters] = field(default_factory=lambda: EMPTY)
    hours: pd.DataFrame | None = None
    occasions: pd.DataFrame | None = None
    samples: tuple[Sample, ...] = ()
    samples_note: str = ""
    costs: pd.DataFrame | None = None
    provenance: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    environment: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    links: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> float:
        """A corrected p-value below it is a difference: one minus the confidence."""
        return round(1 - self.confidence, 12)
