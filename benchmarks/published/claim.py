"""A published number, and whether ours is near it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One figure of a paper or a project.

    Attributes
    ----------
    name
        Of the experiment, as ``--only`` takes it.
    model
        Whose figures these are.
    figures
        Published, by the key under which an experiment reports its own.
    tolerance
        How far ours may be off, as a share of the published value, to either side: random splits
        and seeds differ, and so do engines.
    source
        Where it is published.
    """

    name: str
    model: str
    figures: Mapping[str, float]
    tolerance: float
    source: str


@dataclass(frozen=True)
class Verdict:
    """One published value beside ours; ``found`` is None where it could not be measured."""

    claim: Claim
    key: str
    found: float | None

    @property
    def published(self) -> float:
        """What is to be reached."""
        return self.claim.figures[self.key]

    @property
    def word(self) -> str:
        """``reproduced``, ``off by …``, or ``not verified``."""
        if self.found is None:
            return "not verified: no data"
        off = self.found / self.published - 1
        if abs(off) <= self.claim.tolerance:
            return "reproduced"
        return f"off by {100 * off:+.1f} %"


SURPRISE = "README of scikit-surprise 1.1.5, 5 folds, default parameters"
MICROSOFT = "Microsoft recommenders, benchmark of ml-100k, 75 % training, top 10"
LIANG = "Steck, WWW 2019 (EASE); Rendle et al., RecSys 2022 (iALS); protocol of Liang et al., 2018"
CLAIMS: Sequence[Claim] = (
    Claim("ratings-100k", "svd", {"rmse": 0.934, "mae": 0.737}, 0.01, SURPRISE),
    Claim("ratings-100k", "svdpp", {"rmse": 0.919, "mae": 0.721}, 0.01, SURPRISE),
    Claim("ratings-100k", "knn_baseline", {"rmse": 0.931, "mae": 0.733}, 0.01, SURPRISE),
    Claim("ratings-1m", "svd", {"rmse": 0.873, "mae": 0.686}, 0.01, SURPRISE),
    Claim("ratings-1m", "svdpp", {"rmse": 0.862, "mae": 0.672}, 0.01, SURPRISE),
    Claim("ratings-1m", "knn_baseline", {"rmse": 0.895, "mae": 0.706}, 0.01, SURPRISE),
    Claim(
        "ranking-100k",
        "bpr",
        {"map": 0.133, "ndcg_at_10": 0.442, "precision_at_10": 0.388, "recall_at_10": 0.213},
        0.1,
        MICROSOFT,
    ),
    Claim(
        "sasrec-1m",
        "sasrec",
        {"hr_at_10": 0.315, "ndcg_at_10": 0.182},
        0.1,
        "Klenitskiy, Vasilev, RecSys 2023: SASRec with cross-entropy, leave-one-out, full ranking",
    ),
    Claim(
        "strong-20m",
        "ease",
        {"recall_min_at_20": 0.391, "recall_min_at_50": 0.521, "ndcg_at_100": 0.420}
        | {"recall_at_20": 0.353, "recall_at_50": 0.515},
        0.02,
        LIANG,
    ),
    Claim(
        "strong-20m",
        "als",
        {"recall_min_at_20": 0.391, "recall_min_at_50": 0.521, "ndcg_at_100": 0.420},
        0.05,
        LIANG,
    ),
)
"""All of them; ``recall`` divides by n, ``recall_min`` by min(k, n)."""
