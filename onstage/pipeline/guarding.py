"""Guardrails on the stored answers: which slices there are, and what a challenger does to each."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from onstage.columns import Columns
from onstage.conditions import Guardrail
from onstage.data.store import Reference
from onstage.evaluation.comparison import Difference, compare
from onstage.evaluation.evaluate import EventTable
from onstage.evaluation.slices import VIEWERS, sliced
from onstage.evaluation.strata import ACTIVITY, COLD, by_activity, by_coldness, regrouped
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.slices import labels_of, slices_made
from onstage.pipeline.workspace import Workspace
from onstage.registry.conditions import Condition, Gain
from onstage.registry.guardrails import guarded


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Guarding:
    """The guardrails of one workspace on one accepted log; nothing is fitted or ranked."""

    workspace: Workspace
    log: Reference

    def conditions(self, challenger: EventTable, champion: EventTable) -> list[Condition]:
        """Judge every guardrail on two per-event tables of the primary protocol's test part.

        Raises
        ------
        ContractError
            If the tables are about other events than the log's, or lack a guardrail's metric.
        """
        found = [
            condition
            for rule in self.workspace.mlflow.promotion.guardrails
            for condition in self._judged(rule, challenger, champion)
        ]
        for condition in found:
            if not condition.judged:
                logger.warning("guardrail: %s", condition.reason)
        return found

    def _judged(
        self, rule: Guardrail, challenger: EventTable, champion: EventTable
    ) -> tuple[Condition, ...]:
        metric = rule.metric or self.workspace.mlflow.promotion.metric
        names, grouped = self._slices(rule)
        mine, theirs = grouped(challenger), grouped(champion)
        gains: dict[str, Gain | None] = {
            name: self._gain(mine, theirs, metric, name) for name in names
        }
        return guarded(rule, metric, gains)

    def _slices(self, rule: Guardrail) -> tuple[Iterable[str], Callable[[EventTable], EventTable]]:
        """Every slice of one guardrail, empty ones too; and how events are put into them."""
        protocol = self.workspace.config.primary
        if rule.slice in {"repeat", "unseen"}:
            return (rule.slice,), lambda events: events
        if rule.slice == "clusters":
            made = slices_made(self.workspace, self.log)  # the retrain's own: found, not made
            labels = labels_of(self.workspace, made, protocol.name)
            names = [f"{VIEWERS}:{number}" for number in sorted(set(labels))]
            return names, partial(sliced, clusters=labels)
        exam = accepted_log(self.workspace, self.log).exam(protocol).test
        if rule.slice == "activity":
            return ACTIVITY, partial(regrouped, names=by_activity(exam))
        return (COLD,), partial(regrouped, names=by_coldness(exam, rule.cold_below))

    def _gain(
        self, challenger: EventTable, champion: EventTable, metric: str, group: str
    ) -> Difference | None:
        if _empty(challenger, metric, group) and _empty(champion, metric, group):
            return None
        return compare(
            challenger,
            champion,
            metric,
            group,
            confidence=self.workspace.mlflow.promotion.confidence,
            seed=self.workspace.config.seed,
        )


def _empty(events: EventTable, metric: str, group: str) -> bool:
    """Whether a group has no event on which the metric is defined."""
    of_group = events[events[Columns.GROUP] == group]
    return metric in of_group and bool(of_group[metric].isna().all())
