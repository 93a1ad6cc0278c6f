"""ALS on Spark: the solver of MLlib behind our configuration, factors as plain arrays."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from onstage.errors import ConfigError, FitError
from onstage.models.extra import need
from onstage.settings import Settings, load_settings


logger = logging.getLogger(__name__)

_ROWS: Final = 1_000_000
"""Pairs in a row group of what Spark reads."""
_CUT: Final = 5
"""Iterations after which Spark forgets how it came there: a long memory overflows its stack."""


def need_spark(place: str) -> None:
    """Refuse to go on without pyspark.

    Raises
    ------
    ConfigError
        With what to install.
    """
    message = (
        f"{place}: engine spark needs pyspark, which is not installed; run "
        "`pip install 'onstage[spark]'` (and have Java 17 or later), or use engine: implicit"
    )
    need("pyspark", message)


def penalty(regularization: float, shape: tuple[int, int], pairs: int) -> float:
    r"""MLlib's ``regParam`` for a penalty of ours.

    MLlib adds :math:`\lambda' n_u \lVert x_u \rVert^2`, with the number :math:`n_u` of a user's
    pairs, and the same for items (ALS-WR). Only the product of both sides' penalties matters, since
    :math:`x \to x s, y \to y / s` changes no score: at its best scale a pair of factors costs
    :math:`2 \sqrt{\lambda_u \lambda_i}`. So with mean counts :math:`\bar n_u, \bar n_i` the
    objectives agree for :math:`\lambda' = \lambda / \sqrt{\bar n_u \bar n_i}`, exactly where all
    counts are alike; else MLlib holds those with many pairs more, those with few less.
    """
    return regularization * float(np.sqrt(shape[0] * shape[1])) / max(pairs, 1)


def spark_factors(
    weights: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    regularization: float,
    alpha: float,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Learn user and item factors with MLlib.

    Pairs travel as Parquet through ``<home>/spark``, which all executors must see, and factors
    come back the same way. Both sides are scaled so that the items' factors suit a penalty of
    `regularization` on every user, as folding in takes it.

    Parameters
    ----------
    weights : csr_matrix, shape (n_users, n_items)
        f(w) of each pair, above 0; confidence is ``1 + alpha * f(w)``.

    Returns
    -------
    users : ndarray of float32, shape (n_users, factors)
    items : ndarray of float32, shape (n_items, factors)
        Zero where there is no pair.

    Raises
    ------
    ConfigError
        If pyspark or Java is missing.
    FitError
        If Spark fails: its first line.
    """
    need_spark("als")
    with _folder(load_settings()) as folder:
        _write(weights, folder / "pairs.parquet")
        found = _fitted(
            folder,
            rank=factors,
            maxIter=iterations,
            regParam=penalty(regularization, weights.shape, weights.nnz),
            alpha=alpha,
            seed=seed,
        )
        users, items = (
            _read(folder / name, size, factors)
            for name, size in zip(found, weights.shape, strict=True)
        )
    scale = np.float32((weights.shape[0] / weights.shape[1]) ** 0.25)  # (n_i / n_u) ** (1/4)
    return users / scale, items * scale


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    root = (settings.home / "spark").resolve()
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="als-", dir=root))
    folder.chmod(0o777)  # executors may be somebody else
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(weights: sparse.csr_matrix, path: Path) -> None:
    pairs = weights.tocoo()
    table = pa.table(
        {
            "user": pairs.row.astype(np.int32),
            "item": pairs.col.astype(np.int32),
            "rating": pairs.data.astype(np.float32),
        }
    )
    pq.write_table(table, path, row_group_size=_ROWS)


def _fitted(folder: Path, **parameters: Any) -> tuple[str, str]:  # noqa: ANN401  # MLlib's own
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.ml.recommendation import ALS

    session = _session(load_settings())
    try:
        session.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
        blocks = session.sparkContext.defaultParallelism
        pairs = session.read.parquet(str(folder / "pairs.parquet")).repartition(blocks)
        model = ALS(
            numUserBlocks=blocks,
            numItemBlocks=blocks,
            userCol="user",
            itemCol="item",
            ratingCol="rating",
            implicitPrefs=True,
            checkpointInterval=_CUT,
            **parameters,
        ).fit(pairs)
        for name, table in (("users", model.userFactors), ("items", model.itemFactors)):
            table.write.parquet(str(folder / name))
    except (PySparkException, Py4JError) as error:
        message = f"als: Spark at {session.sparkContext.master}: {_said(error)}; see its log"
        raise FitError(message) from error
    return "users", "items"


def _said(error: Exception) -> str:
    """The first line of what went wrong, inside Java if it was there."""
    inside = getattr(error, "java_exception", None)
    text = str(error) if inside is None else str(inside.toString())
    return text.strip().partition("\n")[0][:300]


def _session(settings: Settings) -> Any:  # noqa: ANN401  # Spark's session
    """The session of this process, started once; it ends with the process."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    threads = settings.threads or os.cpu_count() or 1
    master = settings.spark_master or f"local[{threads}]"
    builder = SparkSession.builder.appName("onstage").master(master)
    if master.startswith("local"):
        builder = builder.config("spark.driver.host", "127.0.0.1").config(
            "spark.driver.bindAddress", "127.0.0.1"
        )
    memory = settings.spark_memory
    for name, value in {
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        message = (
            f"engine spark: no session at {master}: {_said(error)}; check Java (17 or later, "
            "JAVA_HOME), ONSTAGE_SPARK_MASTER and ONSTAGE_SPARK_MEMORY, or use engine: implicit"
        )
        raise ConfigError(message) from error


def _read(folder: Path, size: int, factors: int) -> NDArray[np.float32]:
    table = pq.read_table(folder, columns=["id", "features"])
    made = np.zeros((size, factors), dtype=np.float32)
    values = table["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    made[table["id"].to_numpy()] = values.reshape(-1, factors)
    return made
