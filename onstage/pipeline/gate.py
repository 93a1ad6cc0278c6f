"""The gate with its evidence: the leaderboard's answers, costs and recipes, read from the store."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.evaluation.comparison import Difference, compare
from onstage.evaluation.evaluate import EventTable
from onstage.models.catalog import ModelConfig
from onstage.pipeline.backtest import read_costs, read_events
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.guarding import Guarding
from onstage.pipeline.ranking import primary_rows, read_rows
from onstage.pipeline.recipes import Recipe, named, recipe_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.conditions import Condition
from onstage.registry.guardrails import Cost, afforded
from onstage.registry.promotion import CHAMPION, Decision, Standing, decide, level, opponents
from onstage.registry.versions import Version


RESAMPLES: Final = 2000
IN_TAIL: Final = 25
"""Fewest resamples beyond an end of an interval: wider intervals need more of them."""


class Gate:
    """Everything one decision looks at."""

    def __init__(
        self,
        workspace: Workspace,
        log: Reference,
        board: Reference,
        backtests: Mapping[str, Reference],
        recipes: list[Recipe],
    ) -> None:
        self.workspace = workspace
        self.log = log
        self.backtests = backtests
        self.recipes = recipes
        self.rules = workspace.mlflow.promotion
        self.rows = read_rows(workspace, board)
        self.ranking = [str(m) for m in primary_rows(self.rows, workspace)[Columns.MODEL]]
        self.leader = self.ranking[0]
        self.newest = int(accepted_log(workspace, log).dataset.time[-1])

    def config(self, name: str) -> ModelConfig:
        """The recipe that stands on the leaderboard as `name`."""
        return next(recipe.config for recipe in self.recipes if recipe.name == name)

    def standing(self, name: str, version: Version | None = None) -> Standing:
        """How a model on the leaderboard stands, fitted on the newest log."""
        return Standing(
            name=name,
            config=self.config(name).model_dump(mode="json"),
            data_digest=self.log.digest,
            version=None if version is None else version.version,
            newest=self.newest,
        )

    def events(self, name: str) -> EventTable:
        """What a model answered on the primary protocol's test events."""
        return read_events(self.workspace, self.backtests[name], self.workspace.config.primary.name)

    def difference(self, one: str, other: str, confidence: float) -> Difference:
        """Paired difference of two models on the same events."""
        return compare(
            self.events(one),
            self.events(other),
            self.rules.metric,
            self.rules.group,
            confidence=confidence,
            resamples=max(RESAMPLES, math.ceil(2 * IN_TAIL / (1 - confidence))),
            seed=self.workspace.config.seed,
        )

    def cost(self, name: str) -> Cost:
        """What a model costs, as its backtest on this machine measured it."""
        costs = read_costs(self.workspace, self.backtests[name])
        found = costs.get(self.workspace.config.primary.name, {})
        latency, size = found.get("latency_p95_ms"), found.get("size_bytes")
        return Cost(latency_ms=latency, size_bytes=size)

    def decide(self, name: str, version: Version | None, champion: Version | None) -> Decision:
        """Put `name` forward against the champion's recipe, the baselines, guardrails and limits.

        The champion is never asked what it once scored: its recipe stands on this leaderboard,
        fitted on the same rows and asked the same events.

        Raises
        ------
        ConfigError
            If the champion's recipe cannot be read, or does not stand on this leaderboard.
        ContractError
            If two models' answers are about different events.
        """
        names = [recipe.name for recipe in self.recipes]
        standing, holder = None, name
        if champion is not None:
            recipe = recipe_of(champion)
            holder = named(self.recipes, recipe)
            standing = replace(
                champion.standing, name=holder, config=recipe.model_dump(mode="json")
            )
        sure = level(self.rules, names, None if champion is None else holder)
        gains = {
            other: self.difference(name, other, sure)
            for other in opponents(self.rules, names, name)
        }
        others: list[Condition] = []
        if holder != name:
            gains[CHAMPION] = self.difference(name, holder, sure)
            guarding = Guarding(self.workspace, self.log)
            others += guarding.conditions(self.events(name), self.events(holder))
        rival = self.cost(holder) if holder != name else None
        others += afforded(self.rules.limits, self.cost(name), rival)
        return decide(self.rules, self.standing(name, version), standing, gains, others)
