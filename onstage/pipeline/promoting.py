"""Examined recipes become registered versions, and one of them perhaps the champion."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from onstage.data.store import Reference
from onstage.errors import StaleError
from onstage.pipeline.gate import Gate
from onstage.pipeline.outcome import Gain, Verdict
from onstage.pipeline.recipes import Recipe, named, recipe_of, with_champion
from onstage.pipeline.recording import metrics_of
from onstage.pipeline.refit import BUNDLE, refitted
from onstage.pipeline.sweeping import best_config
from onstage.pipeline.workspace import Workspace
from onstage.registry.audit import Audit
from onstage.registry.enact import enact
from onstage.registry.promotion import Decision
from onstage.registry.versions import NEWEST, Registry, Version
from onstage.serving.bundle import Bundle, load_bundle
from onstage.serving.release import release


logger = logging.getLogger(__name__)

BUNDLE_KEY: Final = "onstage.bundle"
"""Tag of a version: the store's key of the bundle that it was made from."""
ATTEMPTS: Final = 3
"""How often is decided anew where somebody else has become champion meanwhile."""


def registry_of(workspace: Workspace) -> Registry:
    """The registry that the settings name."""
    return Registry.open(workspace.mlflow, workspace.settings)


def audit_of(workspace: Workspace) -> Audit:
    """The audit of this home folder."""
    return Audit(workspace.settings.home / "audit.jsonl")


def stored_bundle(workspace: Workspace, version: Version) -> Bundle | None:
    """A version's bundle, loaded from the store; None where it does not stand there."""
    key = version.tags.get(BUNDLE_KEY)
    here = None if key is None else workspace.store.find("refit", key)
    return None if here is None else load_bundle(workspace.store.path(here, BUNDLE))


def recipes_of(workspace: Workspace, sweeps: Mapping[str, Reference]) -> list[Recipe]:
    """Every recipe to examine: the fixed ones first, each study's best, the champion's last."""
    fixed = [
        Recipe(name=name, config=config, origin="fixed")
        for name, config in workspace.config.models.items()
    ]
    swept = [
        Recipe(name=algorithm, config=best_config(workspace, made), origin="swept")
        for algorithm, made in sweeps.items()
    ]
    return _and_champions(workspace, [*fixed, *swept])


def champions_recipe(workspace: Workspace) -> list[Recipe]:
    """The champion's recipe alone, as it stands on a leaderboard; nothing before the first."""
    return _and_champions(workspace, [])


def _and_champions(workspace: Workspace, recipes: list[Recipe]) -> list[Recipe]:
    champion = registry_of(workspace).champion(workspace.registered_model)
    return with_champion(recipes, None if champion is None else recipe_of(champion))


def promoted(  # a decision looks at all of these
    workspace: Workspace,
    log: Reference,
    board: Reference,
    backtests: Mapping[str, Reference],
    recipes: list[Recipe],
    run: str,
) -> Verdict:
    """Register the leader as ``@challenger``; move ``@champion`` if the evidence allows.

    Where the leader does not win, somebody else may be put forward: before the first champion, the
    next model of the leaderboard that passes its own conditions (a baseline that the leader could
    not beat, say); after, the champion's own recipe on the newer data (``promotion.refresh`` in
    ``mlflow.yaml``).
    """
    gate = Gate(workspace, log, board, backtests, recipes)
    for _ in range(ATTEMPTS - 1):
        try:
            return _put_forward(gate, run)
        except StaleError as error:
            logger.warning("%s", error)
    return _put_forward(gate, run)


def _put_forward(gate: Gate, run: str) -> Verdict:
    """Decide once against whoever is champion now, and carry it out."""
    workspace = gate.workspace
    registry, audit = registry_of(workspace), audit_of(workspace)
    name = workspace.registered_model
    champion = registry.champion(name)
    version, bundle = _register(gate, registry, gate.leader, run)
    decision = gate.decide(gate.leader, version, champion)
    enact(registry, audit, name, decision, run)
    second = None if decision.promote else _second(gate, champion)
    if second is not None:
        other = second.challenger.name
        fresh, bundle = _register(gate, registry, other, run)
        second = replace(second, challenger=gate.standing(other, fresh))
        enact(registry, audit, name, second, run)
        registry.set_challenger(name, version.version)
        why = (f"{gate.leader} leads, but: {reason}" for reason in decision.reasons)
        looked_at = (*second.conditions, *decision.conditions)
        decision = replace(second, reasons=(*second.reasons, *why), conditions=looked_at)
    holder = registry.champion(name)
    return Verdict(
        verdict=decision.verdict,
        sentence=decision.sentence,
        reasons=decision.reasons,
        gains={
            other: Gain(mean=g.mean, low=g.low, high=g.high, n_events=g.n_events)
            for other, g in decision.intervals.items()
        },
        conditions=decision.conditions,
        leader=gate.leader,
        challenger=version.version,
        champion=None if holder is None else holder.version,
        bundle=None if holder is None else _bundle_of(gate, holder, bundle),
    )


def _bundle_of(gate: Gate, champion: Version, newest: Reference) -> Reference | None:
    """The champion's bundle in this store; None if it was made elsewhere or on other data.

    One that is missing or damaged is made again if the champion was fitted on this log.
    """
    key = champion.tags.get(BUNDLE_KEY)
    if key is None:
        return None
    if key == newest.key:
        return newest
    found = gate.workspace.store.find("refit", key)
    if found is None and champion.data_digest == gate.log.digest:
        made = refitted(gate.workspace, gate.log, recipe_of(champion))
        found = made if made.key == key else None
    return found


def _second(gate: Gate, champion: Version | None) -> Decision | None:
    """Decide for whoever is put forward after the leader failed, not yet registered; or None."""
    if champion is None:
        others = gate.ranking[1:]
    elif champion.data_digest != gate.log.digest:
        others = [named(gate.recipes, recipe_of(champion))]
    else:
        others = []
    decisions = (gate.decide(name, None, champion) for name in others if name != gate.leader)
    return next((decision for decision in decisions if decision.promote), None)


def preview(
    workspace: Workspace,
    log: Reference,
    board: Reference,
    backtests: Mapping[str, Reference],
    recipes: list[Recipe],
) -> Decision:
    """Decide without registering, moving or writing anything."""
    gate = Gate(workspace, log, board, backtests, recipes)
    champion = registry_of(workspace).champion(workspace.registered_model)
    decision = gate.decide(gate.leader, None, champion)
    second = None if decision.promote else _second(gate, champion)
    return second or decision


def _register(gate: Gate, registry: Registry, name: str, run: str) -> tuple[Version, Reference]:
    workspace = gate.workspace
    bundle = refitted(workspace, gate.log, gate.config(name))
    for known in registry.versions(workspace.registered_model):
        if known.tags.get(BUNDLE_KEY) == bundle.key:
            return known, bundle
    version = release(
        registry,
        workspace.registered_model,
        run,
        workspace.store.path(bundle, BUNDLE),
        model=name,
        config=gate.config(name).model_dump(mode="json"),
        data_digest=gate.log.digest,
        metrics=metrics_of(gate.rows, name),
        tags={BUNDLE_KEY: bundle.key, NEWEST: str(gate.newest)},
    )
    return version, bundle
