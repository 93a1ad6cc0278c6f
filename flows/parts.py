"""The stretches of road that several flows share: tasks in order, nothing else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flows.vault import reveal
from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.runs import tracked
from onstage.pipeline.workspace import Workspace
from tasks.backtest import backtest
from tasks.cluster import slices
from tasks.folio import record
from tasks.ingest import ingest
from tasks.leaderboard import leaderboard
from tasks.lineage import say, say_what_runs, whose
from tasks.origins import gather, look_back, rank
from tasks.recipes import recipes_to_examine
from tasks.spreading import Cluster, spread
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


def opened(config: str, *, trials: int | None = None, processes: int | None = None) -> Workspace:
    """The workspace of a configuration, once secrets are where the environment names blocks."""
    reveal()
    return Workspace.open(config, trials=trials, processes=processes)


@contextmanager
def at_work(workspace: Workspace, name: str) -> Iterator[None]:
    """Hold the data set's lock; the flow run says which configuration and code are at work."""
    say_what_runs(workspace)
    with workspace.alone(name):
        yield


@contextmanager
def on_record(workspace: Workspace, name: str) -> Iterator[str]:
    """As :func:`at_work`, within an MLflow run that names the flow run, and is named by it."""
    with at_work(workspace, name), tracked(workspace, name, whose()) as run:
        say(mlflow=run)
        yield run


def accepted(workspace: Workspace) -> Reference:
    """Ingest and validate; the reference of the accepted tables."""
    return validate(workspace, ingest(workspace))


def swept(
    workspace: Workspace, log: Reference, run: str, cluster: Cluster | None = None
) -> dict[str, Reference]:
    """Tune every algorithm of the configuration, one after the other."""
    return {
        algorithm: sweep(workspace, log, algorithm, run, cluster)
        for algorithm in workspace.config.sweep.algorithms
    }


def backtested(
    workspace: Workspace, log: Reference, recipes: Sequence[Recipe], cluster: Cluster | None
) -> dict[str, Reference]:
    """Examine every recipe: one after the other, or side by side on a cluster."""
    if cluster is None:
        return {recipe.name: backtest(workspace, log, recipe) for recipe in recipes}
    from onstage.pipeline.backtest import backtest_found

    found = {recipe.name: backtest_found(workspace, log, recipe) for recipe in recipes}
    asked = {
        recipe.name: cluster.submit(
            backtest, workspace=cluster.workspace, validated=log, recipe=recipe
        )
        for recipe in recipes
        if found[recipe.name] is None
    }
    return {name: made or asked[name].result() for name, made in found.items()}


def examined(
    workspace: Workspace, log: Reference, run: str, more: Sequence[Recipe] = ()
) -> Examined:
    """Tune, examine every recipe, the champion's and `more` on the same events, and rank them."""
    with spread(workspace) as cluster:
        sweeps = swept(workspace, log, run, cluster)
        recipes = [*recipes_to_examine(workspace, sweeps), *more]
        backtests = backtested(workspace, log, recipes, cluster)
    kinds = slices(workspace, log)
    board = leaderboard(workspace, log, backtests, recipes, run, kinds)
    return Examined(sweeps, recipes, backtests, board, kinds)


def rolled(workspace: Workspace, log: Reference, origins: int, run: str) -> Reference:
    """Tune and examine every recipe at each origin, on the primary protocol; one table of all."""
    from onstage.pipeline.rolling import FOLIO

    workspace = workspace.on_primary()
    found = look_back(workspace, log, origins)
    boards, recipes = {}, {}
    with spread(workspace) as cluster:
        for one in found:
            sweeps = swept(workspace, one.log, run, cluster)
            recipes[one.number] = recipes_to_examine(workspace, sweeps)
            tables = backtested(workspace, one.log, recipes[one.number], cluster)
            boards[one.number] = rank(workspace, tables, recipes[one.number], one.number)
    made = gather(workspace, log, found, boards, recipes)
    record(workspace, FOLIO, log, made)
    return made
