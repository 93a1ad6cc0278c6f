"""The accepted log in memory: dataset, availability, and one pair of holdouts per protocol."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.store import Reference
from onstage.data.tables import read_table
from onstage.errors import ContractError
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.lint import lint_split
from onstage.pipeline.workspace import Workspace
from onstage.splitting.build import Holdouts, holdouts
from onstage.splitting.protocol import Protocol


DATASET: Final = frozenset(
    {Columns.USER, Columns.ITEM, Columns.TIME, Columns.WEIGHT, Columns.ENDS_AT}
)
"""Columns of the log that a dataset is made of."""


@dataclass(frozen=True)
class Log:
    """An accepted log, read once per process."""

    folder: Path
    clock: Clock

    @cached_property
    def items(self) -> pd.DataFrame | None:
        """The items table, if there is one."""
        return read_table(self.folder, "items")

    @cached_property
    def relations(self) -> pd.DataFrame | None:
        """The relations table, if there is one."""
        return read_table(self.folder, "relations")

    @cached_property
    def dataset(self) -> Dataset:
        """The interactions as arrays; the vocabulary has the catalogue's other items too.

        Of the table only the columns that a dataset has are read, and they are not kept.
        """
        table = read_table(self.folder, "interactions", columns=DATASET)
        if table is None:
            message = f"{self.folder.name}: no interactions table"
            raise ContractError(message)
        catalogue = None if self.items is None else self.items[Columns.ITEM].to_numpy()
        dataset = Dataset.from_interactions(table, clock=self.clock, items=catalogue)
        del table
        pa.default_memory_pool().release_unused()  # the pool would keep what the table took
        return dataset

    @cached_property
    def availability(self) -> AvailabilityIndex:
        """From the windows table; else from interactions that have ends; else always."""
        windows = read_table(self.folder, "windows")
        if windows is not None:
            return AvailabilityIndex.from_windows(windows, self.dataset)
        return AvailabilityIndex.from_interactions(self.dataset)

    @lru_cache(maxsize=8)  # noqa: B019  # a log lives as long as its process
    def exam(self, protocol: Protocol) -> Holdouts:
        """Both holdouts of one protocol."""
        return holdouts(protocol, self.dataset, self.availability)

    @lru_cache(maxsize=8)  # noqa: B019
    def lint(self, protocol: Protocol) -> tuple[Finding, ...]:
        """What the leak lint says of both holdouts, once for all the models."""
        return lint_split(self.exam(protocol), self.dataset, self.availability)


@lru_cache(maxsize=2)
def read_log(folder: Path, clock: Clock) -> Log:
    """The log in `folder`, once in a process."""
    return Log(folder, clock)


def accepted_log(workspace: Workspace, validated: Reference) -> Log:
    """Read the tables that validation accepted."""
    return read_log(workspace.store.path(validated), workspace.config.clock)
