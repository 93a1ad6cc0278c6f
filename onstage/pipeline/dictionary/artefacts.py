"""The tables that the steps after validation leave behind."""

import re
from types import MappingProxyType
from typing import Final

from onstage.columns import Columns
from onstage.evaluation.evaluate import EVENT, N_CANDIDATES, N_RELEVANT
from onstage.evaluation.occasions import BUCKET, OCCASION
from onstage.metrics.catalog import METRICS
from onstage.pipeline.dictionary.described import ITEM, TIME, USER, Described
from onstage.reporting.tables import LEADERBOARD, N


METRIC: Final = "value of the metric in this event, docs/glossary.md; nan where undefined"
OF_METRICS: Final = "|".join(re.escape(key).replace("_at_k", r"_at_\d+") for key in METRICS)
FEATURE: Final = MappingProxyType({r"(?!cluster$|scaling$).+": "one a feature, docs/clusters.md"})

ARTEFACTS: Final = (
    Described(
        "quarantine",
        ("store/validate-*/quarantine.parquet",),
        "a row that was set aside",
        {
            "table": "canonical table that it arrived in",
            "row": "its place there, from 0",
            "reasons": "rules that it breaks, joined by `;`: docs/validation.md",
            "values": "the row as a JSON object of texts, null where missing",
        },
    ),
    Described(
        "trials",
        ("store/sweep-*/trials.parquet", "datasets/*/studies/*/trials.parquet"),
        "a trial of a sweep that was started",
        {
            "number": "of the trial in its study, from 0",
            "state": "COMPLETE, PRUNED, FAILED by itself, INTERRUPTED from outside, or RUNNING",
            Columns.VALUE: "primary metric on validation; of a pruned trial its last look",
            "fit_seconds": "seconds of fitting",
            "evaluate_seconds": "seconds of evaluating",
            "error": "why it failed; missing if it did not",
        },
        families=MappingProxyType({r"params\..+": "value of a searched hyperparameter"}),
    ),
    Described(
        "events of a recipe, by seed",
        ("store/backtest-*/*.seeds.parquet",),
        "a seed, a group and a metric",
        {
            "seed": "of the fit",
            Columns.GROUP: "all, repeat, unseen, …: docs/evaluation.md",
            Columns.METRIC: "key of the metric",
            Columns.VALUE: "over the group's events",
        },
    ),
    Described(
        "events of a recipe, by occasion",
        ("store/backtest-*/*.occasions.parquet",),
        "a bucket of events, live protocols only",
        {
            OCCASION: "since_last_visit, or hour_of_day",
            BUCKET: "hours since the user last had the item, or the hour (UTC)",
            Columns.METRIC: "key of the metric",
            Columns.VALUE: "mean over the bucket's events",
            N: "events",
        },
    ),
    Described(
        "events of a recipe",
        ("store/backtest-*/*.parquet",),
        "an event and a group; the mean over seeds",
        {
            EVENT: "number of the event in the exam, from 0; the same for all models",
            Columns.USER: USER,
            Columns.TIME: f"when it was asked: {TIME}",
            Columns.GROUP: "all, repeat, unseen, …: docs/evaluation.md",
            N_RELEVANT: "relevant items of the group",
            N_CANDIDATES: "items that were ranked",
            Columns.FALLBACK: "popularity answered for a user whom the model does not know",
        },
        families=MappingProxyType({OF_METRICS: METRIC}),
    ),
    Described(
        LEADERBOARD.name,
        ("store/leaderboard-*/leaderboard.json",),
        "a model, a protocol, a group and a metric",
        {
            Columns.MODEL: "name of the recipe",
            Columns.PROTOCOL: "docs/evaluation.md",
            Columns.GROUP: "all, repeat, unseen, viewers:1, …",
            Columns.METRIC: "key of the metric",
            Columns.VALUE: "mean over the group's events (sum or ratio: docs/glossary.md)",
            Columns.LOW: "lower end of the interval, users resampled; null where there is none",
            Columns.HIGH: "upper end",
            N: "events with a value",
            "spread": "standard deviation between seeds, null with one",
            "seeds": "fits that were averaged",
            Columns.SPLIT: "time, or random: then a model may have seen the future",
        },
    ),
    Described(
        "clusters: labels",
        ("store/cluster-*/*/labels.parquet", "store/slices-*/*/labels.parquet"),
        "a user, or an item",
        {
            Columns.USER: USER,
            Columns.ITEM: ITEM,
            Columns.CLUSTER: "number of its cluster, from 1",
            Columns.DISTANCE: "to the cluster's mean, in scaled space; small is typical",
        },
        frozenset({Columns.USER, Columns.ITEM}),
    ),
    Described(
        "clusters: features",
        ("store/cluster-*/*/features.parquet", "store/slices-*/*/features.parquet"),
        "a user, or an item: what was clustered, in original units",
        {Columns.USER: USER, Columns.ITEM: ITEM},
        frozenset({Columns.USER, Columns.ITEM}),
        FEATURE,
    ),
    Described(
        "clusters: elbow",
        ("store/cluster-*/*/elbow.parquet", "store/slices-*/*/elbow.parquet"),
        "a number of clusters that was tried",
        {
            "k": "number of clusters",
            "inertia": "sum of squared distances in scaled space",
            "silhouette": "of a sample, -1 to 1; nan where undefined",
        },
    ),
    Described(
        "clusters: profile",
        ("store/cluster-*/*/profile.parquet", "store/slices-*/*/profile.parquet"),
        "a cluster, with medians in original units",
        {
            Columns.CLUSTER: "its number",
            "size": "members",
            "share": "of all, 0 to 1",
        },
        families=FEATURE,
    ),
    Described(
        "clusters: centres, means, deviations",
        tuple(
            f"store/{step}-*/*/{name}.parquet"
            for step in ("cluster", "slices")
            for name in ("centres", "means", "deviations")
        ),
        "a cluster: its centre and its means in original units; or how far its mean in scaled "
        "space lies from that of all rows, in their standard deviations",
        {Columns.CLUSTER: "its number"},
        families=FEATURE,
    ),
    Described(
        "clusters: changes",
        ("store/cluster-*/*/changes.parquet", "store/slices-*/*/changes.parquet"),
        "a cluster, then or now",
        {
            Columns.CLUSTER: "its number",
            "change": "first, kept, new or vanished",
            "size_before": "members then, 0 where there was none",
            "size": "members now, 0 where there is none",
            "overlap": "members in both over those in either; nan where not the evidence",
        },
    ),
    Described(
        "clusters: spaces, agreement",
        tuple(
            f"store/{step}-*/*/{name}.parquet"
            for step in ("cluster", "slices")
            for name in ("spaces", "agreement")
        ),
        "a scaling: how well it separates and by which features; how far it agrees with others",
        {"scaling": "log, robust or raw"},
        families=MappingProxyType(
            {
                "silhouette|largest": "silhouette; share of the largest cluster",
                "log|robust|raw": "adjusted Rand index with that scaling",
                **FEATURE,
            }
        ),
    ),
    Described(
        "masked AUC",
        ("store/masked-auc-*/users.parquet",),
        "a user with hidden pairs",
        {
            Columns.USER: USER,
            "hidden": "hidden pairs",
            "model": "AUC of the model on them, 0 to 1",
            "popularity": "AUC of training popularity",
            "popularity_of_all_pairs": "AUC of a popularity that counts the hidden pairs too",
        },
    ),
    Described(
        "recommendations",
        ("store/recommend-*/recommendations.parquet", "datasets/*/recommendations.parquet"),
        "a user and a recommended item, best first",
        {
            Columns.USER: USER,
            Columns.ITEM: ITEM,
            Columns.SCORE: "larger is better; comparable within one user only",
            Columns.RANK: "place in the user's list, from 1",
            Columns.FALLBACK: "popularity answered for a user whom the model does not know",
            Columns.USER_CLUSTER: "with --clusters: the user's cluster",
            Columns.ITEM_CLUSTER: "with --clusters: the item's cluster",
            Columns.TITLE: "of the item, where there are titles",
        },
        frozenset({Columns.USER_CLUSTER, Columns.ITEM_CLUSTER, Columns.TITLE}),
    ),
)
"""Written by the other steps. The first that holds a path is what the file is."""
