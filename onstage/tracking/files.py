"""Tables as files for the artifact store; data sets as names and digests."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import pandas as pd

from onstage.errors import TrackingError


if TYPE_CHECKING:
    from mlflow.entities import DatasetInput


DIGEST_LENGTH: Final = 36
"""MLflow keeps no longer digest."""


@contextmanager
def written(table: pd.DataFrame, file: str) -> Iterator[tuple[Path, str | None]]:
    """Write `table` under the name of `file`; yields the path and the artifact's folder.

    Raises
    ------
    TrackingError
        If the suffix is none of ``.csv``, ``.json``, ``.parquet``.
    """
    target = PurePosixPath(file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / target.name
        match target.suffix:
            case ".csv":
                table.to_csv(path, index=False)
            case ".json":
                table.to_json(path, orient="split", index=False, date_format="iso")
            case ".parquet":
                table.to_parquet(path, index=False)
            case _:
                message = f"table {file!r}: write it as .csv, .json or .parquet"
                raise TrackingError(message)
        parent = str(target.parent)
        yield path, None if parent == "." else parent


def dataset_input(name: str, digest: str, source: str) -> "DatasetInput":
    """What MLflow keeps of a data set: the same as its ``MetaDataset``, without reading anything.

    Parameters
    ----------
    source
        Path or address.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415  # heavy

    scheme = source.partition("://")[0] if "://" in source else "local"
    dataset = Dataset(
        name=name[:500],
        digest=digest[:DIGEST_LENGTH],
        source_type="local" if scheme == "file" else scheme,
        source=json.dumps({"uri": source}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
