"""Files, tables, pictures and data sets of runs in a real MLflow on SQLite."""

from pathlib import Path

import pandas as pd
import pytest

from onstage.errors import TrackingError
from onstage.tracking import Tracker


pytestmark = pytest.mark.integration


def artifacts(tracker: Tracker, run_id: str, folder: str | None = None) -> list[str]:
    return [file.path for file in tracker.client.list_artifacts(run_id, folder)]


def test_files_and_tables_replace_those_of_the_same_name(tracker: Tracker, tmp_path: Path) -> None:
    table = pd.DataFrame({"user_id": [1, 2], "score": [0.5, 0.25]})
    with tracker.run("x", "files") as run_id:
        for rows in (table, table.head(1)):
            for file in ("t/a.csv", "t/a.json", "t/a.parquet"):
                tracker.log_table(run_id, rows, file)
        tracker.log_text(run_id, "hello", "notes/hello.txt")
        (tmp_path / "page.html").write_text("<p>")
        tracker.log_artifact(run_id, tmp_path / "page.html")
        tracker.log_artifacts(run_id, tmp_path, "all")
    assert artifacts(tracker, run_id, "t") == ["t/a.csv", "t/a.json", "t/a.parquet"]
    assert artifacts(tracker, run_id) == ["all", "notes", "page.html", "t"]
    assert artifacts(tracker, run_id, "all") == ["all/page.html"]
    path = tracker.client.download_artifacts(run_id, "t/a.csv", str(tmp_path))
    pd.testing.assert_frame_equal(pd.read_csv(path), table.head(1))
    with pytest.raises(TrackingError, match=r"table 't.xlsx': write it as .csv"):
        tracker.log_table(run_id, table, "t.xlsx")


def test_a_figure_is_kept_as_a_picture(tracker: Tracker) -> None:
    from matplotlib.figure import Figure

    with tracker.run("x", "figure") as run_id:
        tracker.log_figure(run_id, Figure(figsize=(1, 1)), "plots/empty.png")
    assert artifacts(tracker, run_id, "plots") == ["plots/empty.png"]


def test_the_data_of_a_run_are_found_by_their_digest(tracker: Tracker) -> None:
    digest = "0123456789abcdef" * 4
    with tracker.run("lineage", "with data") as run_id:
        tracker.log_dataset(run_id, "deskdrop", digest, "/data/interactions.parquet")
    kept = tracker.client.get_run(run_id).inputs.dataset_inputs[0].dataset
    assert (kept.name, kept.digest) == ("deskdrop", digest[:36])
    where = f"dataset.digest = '{digest[:36]}'"
    hits = tracker.client.search_runs([tracker.experiment("lineage")], where)
    assert [run.info.run_id for run in hits] == [run_id]


def test_the_data_are_kept_as_mlflows_own_meta_dataset_keeps_them(tmp_path: Path) -> None:
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.sources import LocalArtifactDatasetSource

    from onstage.tracking.files import dataset_input

    source = LocalArtifactDatasetSource(str(tmp_path))
    theirs = MetaDataset(source, name="d", digest="abc").to_dict()
    ours = dataset_input("d", "abc", str(tmp_path)).dataset
    assert {name: getattr(ours, name) for name in theirs if theirs[name] is not None} == {
        name: value for name, value in theirs.items() if value is not None
    }
