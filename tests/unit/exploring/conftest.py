"""An exploration of tables written for one test."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.survey import Survey
from onstage.data.tables import write_table
from onstage.exploring.explore import Provenance, chapters
from onstage.exploring.tables import opened
from tests.unit.exploring.logs import SOURCES, Explore, Parts


@pytest.fixture
def explore(tmp_path: Path) -> Explore:
    def explored(
        log: pd.DataFrame, *, clock: Clock | None = None, seed: int = 0, **more: Any
    ) -> Parts:
        folder = tmp_path / f"tables-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        given = {**SOURCES["interactions"], **more.pop("source", {})}
        data = DataConfig.model_validate({**SOURCES, "interactions": given})
        for name, table in {"interactions": log, **more}.items():
            write_table(table, folder, name)
        provenance = Provenance(Survey(tables=()), len(log), len(log))
        with opened(folder, tmp_path, data, clock or Clock(), seed=seed) as tables:
            made = chapters(tables, data, provenance)
        return {part.key: part for chapter in made for part in chapter.parts}

    return explored
