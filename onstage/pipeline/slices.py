"""Kinds of viewers for the leaderboard, made from training rows alone."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.files import read_clusters, write_clusters
from onstage.clustering.kmeans import cluster, selected
from onstage.data.dataset import Dataset
from onstage.data.store import Reference, digest_json
from onstage.features.behaviour import user_features
from onstage.pipeline import lineage
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Workspace
from onstage.seeds import generator


SLICE_VERSION = "2"
LINE: Final = "slices"
CONTENT: Final = ("*/labels.parquet",)
"""What the leaderboard depends on."""


def slices_made(workspace: Workspace, validated: Reference) -> Reference:
    """Cluster the users of every protocol by their training rows, one folder a protocol.

    Nothing of the test part can be seen in them: neither its rows, nor the relations table, whose
    counts have no time. Features of relations that the configuration names are left out.
    """
    config = workspace.config
    question = digest_json(
        {
            "version": SLICE_VERSION,
            "log": validated.digest,
            "config": config.clusters,
            "protocols": config.protocols,
        }
    )
    last = lineage.before(workspace, LINE, question)

    def build(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        began = time.perf_counter()
        known = {} if last is None else read_slices(workspace, last)
        done: list[tuple[Dataset, Clusters]] = []
        for protocol in config.protocols:
            train = log.exam(protocol).test.train
            twin = next((made for rows, made in done if _same_rows(rows, train)), None)
            made = twin or viewers(train, config.clusters, last=known.get(protocol.name))
            write_clusters(made, folder / protocol.name)
            done.append((train, made))
        return {"protocols": len(done), "slice_seconds": round(time.perf_counter() - began, 3)}

    inputs: dict[str, Reference | str] = {"log": validated, "last": last or ""}
    made = workspace.step(
        "slices",
        SLICE_VERSION,
        inputs,
        {"clusters": config.clusters, "protocols": config.protocols},
        build,
        content=CONTENT,
    )
    lineage.publish(workspace, LINE, question, made, last)
    return made


def viewers(train: Dataset, config: ClusterConfig, *, last: Clusters | None = None) -> Clusters:
    """Cluster the users of `train` by what they did in it, and by nothing else."""
    table = user_features(train)
    columns = None
    if config.user_columns is not None:
        columns = tuple(c for c in config.user_columns if c in table.columns) or None
    rng = generator(config.seed, "slices")
    return cluster(selected(table, columns, "users"), config, rng, last=last)


def read_slices(workspace: Workspace, made: Reference) -> dict[str, Clusters]:
    """Read what :func:`slices_made` made, by protocol; empty where slices are switched off."""
    return {
        protocol.name: read_clusters(workspace.store.path(made, protocol.name))
        for protocol in workspace.config.protocols
        if workspace.store.path(made, protocol.name).exists()
    }


def labels_of(workspace: Workspace, made: Reference, protocol: str) -> pd.Series:
    """Number of the cluster by user, under one protocol."""
    return read_clusters(workspace.store.path(made, protocol)).of


def _same_rows(one: Dataset, other: Dataset) -> bool:
    return len(one) == len(other) and bool(
        np.array_equal(one.user, other.user) and np.array_equal(one.time, other.time)
    )
