"""What a leaderboard was made of: sources, recipes and the digests of its artefacts."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from onstage.data.store import Reference
from onstage.pipeline import lineage
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.repro.environment import sources_of
from onstage.pipeline.slices import LINE
from onstage.pipeline.workspace import Workspace


MADE: Final = "made.json"
DATA_TAG: Final = "onstage.data_digest"
LOG: Final = "log"
BOARD: Final = "leaderboard"


class Made(BaseModel):
    """Kept with the run of a leaderboard, so that it can be made again and compared."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    sources: dict[str, str]
    """Source file to digest; empty where a source is a database."""
    recipes: tuple[Recipe, ...]
    """Everything that was examined, the champion's recipe among it."""
    artefacts: dict[str, str]
    """``log`` (the accepted tables), ``backtest-<recipe>`` and ``leaderboard`` to their digests."""
    numbered_before: bool
    """Whether kinds of viewers got their numbers from an earlier retrain's."""

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        log: Reference,
        board: Reference,
        backtests: Mapping[str, Reference],
        recipes: Sequence[Recipe],
    ) -> Self:
        """What `board` was just made of."""
        examined = {f"backtest-{name}": made.digest for name, made in backtests.items()}
        return cls(
            sources=sources_of(workspace.config),
            recipes=tuple(recipes),
            artefacts={LOG: log.digest, **examined, BOARD: board.digest},
            numbered_before=lineage.looked_back(workspace, LINE),
        )
