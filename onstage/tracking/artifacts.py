"""Files that belong to a run."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from onstage.tracking import files
from onstage.tracking.client import translated
from onstage.tracking.reader import Reader


if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Artifacts(Reader):
    """Keep files, tables and figures with a run, and say which data it used."""

    def log_artifact(self, run_id: str, path: Path, folder: str | None = None) -> None:
        """Keep a file with the run, replacing one of the same name."""
        with translated(self.endpoint):
            self.client.log_artifact(run_id, str(path), folder)

    def log_artifacts(self, run_id: str, path: Path, folder: str | None = None) -> None:
        """Keep every file below `path` with the run."""
        with translated(self.endpoint):
            self.client.log_artifacts(run_id, str(path), folder)

    def log_text(self, run_id: str, text: str, file: str) -> None:
        """Keep `text` as the artifact `file`."""
        with translated(self.endpoint):
            self.client.log_text(run_id, text, file)

    def read_text(self, run_id: str, file: str) -> str:
        """The artifact `file` as text.

        Raises
        ------
        TrackingError
            If the run has no such artifact.
        """
        with tempfile.TemporaryDirectory() as folder, translated(self.endpoint):
            path = self.client.download_artifacts(run_id, file, folder)
            return Path(path).read_text(encoding="utf-8")

    def log_figure(self, run_id: str, figure: "Figure", file: str) -> None:
        """Keep a matplotlib figure as the artifact `file`, e.g. ``plots/history.png``."""
        with translated(self.endpoint):
            self.client.log_figure(run_id, figure, file)

    def log_table(self, run_id: str, table: pd.DataFrame, file: str) -> None:
        """Keep a table as ``.csv`` (shown as a table in the UI), ``.json`` or ``.parquet``.

        A table of the same name is replaced, not appended to.
        """
        with files.written(table, file) as (path, folder):
            self.log_artifact(run_id, path, folder)

    def log_dataset(self, run_id: str, name: str, digest: str, source: str) -> None:
        """Record which data a run used, by digest: the data are not read.

        Parameters
        ----------
        digest
            Its first 36 characters are kept and can be searched:
            ``dataset.digest = '…'``.
        source
            Path or address of the data.
        """
        with translated(self.endpoint):
            self.client.log_inputs(run_id, datasets=[files.dataset_input(name, digest, source)])
