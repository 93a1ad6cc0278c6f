"""Clusters as files: Parquet tables and one small JSON, no pickle."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from onstage.clustering.clusters import Clusters
from onstage.errors import StoreError


TABLES = ("labels", "elbow", "centres", "deviations", "profile")


def write_clusters(clusters: Clusters, folder: Path) -> None:
    """Write into `folder`, which is made when missing.

    ``labels.parquet`` (id, cluster) is the one to join with; ``clusters.json`` has k, the reason
    and the scaling.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        getattr(clusters, name).to_parquet(folder / f"{name}.parquet")
    plain = {"k": clusters.k, "reason": clusters.reason, "scaling": clusters.scaling}
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
