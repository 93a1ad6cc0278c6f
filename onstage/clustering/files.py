"""Clusters as files: Parquet tables and one small JSON, no pickle."""

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

from onstage.clustering.clusters import Clusters
from onstage.errors import StoreError


TABLES: Final = (
    "labels",
    "features",
    "elbow",
    "centres",
    "deviations",
    "profile",
    "means",
    "spaces",
    "agreement",
    "changes",
)
PLAIN: Final = ("k", "reason", "scaling", "method", "basis", "numbers_used")


def write_clusters(clusters: Clusters, folder: Path) -> None:
    """Write into `folder`, which is made when missing.

    ``labels.parquet`` (id, cluster, distance) is the one to join with; ``clusters.json`` has k, the
    reason, the scaling, the method, and what the numbers rest on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        getattr(clusters, name).to_parquet(folder / f"{name}.parquet")
    plain = {name: getattr(clusters, name) for name in PLAIN}
    (folder / "clusters.json").write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n")


def read_clusters(folder: Path) -> Clusters:
    """Read what :func:`write_clusters` wrote.

    Raises
    ------
    StoreError
        A file is missing or damaged.
    """
    try:
        plain = json.loads((folder / "clusters.json").read_text())
        tables: dict[str, Any] = {
            name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES
        }
    except (OSError, ValueError) as error:
        message = f"clusters in {folder}: {error}; run the cluster step again"
        raise StoreError(message) from error
    return Clusters(**tables, **plain)
