"""The stretches of road that several flows share: tasks in order, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.backtest import backtest
from tasks.cluster import slices
from tasks.ingest import ingest
from tasks.leaderboard import leaderboard
from tasks.recipes import recipes_to_examine
from tasks.sweep import sweep
from tasks.validate import validate


@dataclass(frozen=True)
class Examined:
    """Everything between the accepted log and the leaderboard."""

    sweeps: dict[str, Reference]
    recipes: list[Recipe]
    backtests: dict[str, Reference]
    board: Reference
    slices: Reference | None = None


def accepted(workspace: Workspace) -> Reference:
    """Ingest and validate; the reference of the accepted tables."""
    return validate(workspace, ingest(workspace))


def swept(workspace: Workspace, log: Reference, run: str) -> dict[str, Reference]:
    """Tune every algorithm of the configuration."""
    return {
        algorithm: sweep(workspace, log, algorithm, run)
        for algorithm in workspace.config.sweep.algorithms
    }


def examined(
    workspace: Workspace, log: Reference, run: str, more: Sequence[Recipe] = ()
) -> Examined:
    """Tune, examine every recipe, the champion's and `more` on the same events, and rank them."""
    sweeps = swept(workspace, log, run)
    recipes = [*recipes_to_examine(workspace, sweeps), *more]
    backtests = {recipe.name: backtest(workspace, log, recipe) for recipe in recipes}
    kinds = slices(workspace, log)
    board = leaderboard(workspace, log, backtests, recipes, run, kinds)
    return Examined(sweeps, recipes, backtests, board, kinds)
