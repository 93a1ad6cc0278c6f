"""Questions to one model: what is like an item, what is for a user, and why."""

import json
import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.data.titles import Match, Titles, position_of
from onstage.errors import ConfigError, NotFoundError
from onstage.models.catalog import ALGORITHMS, ModelConfig, parse
from onstage.models.scaling import unit_scaled
from onstage.pipeline.exams import Log, accepted_log
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.recommending import champion_bundle, instant, served
from onstage.pipeline.refit import BUNDLE, refitted
from onstage.pipeline.workspace import Workspace
from onstage.serving.bundle import Bundle, load_bundle
from onstage.types import Id


logger = logging.getLogger(__name__)

DEFAULT: Final = "als"
"""Who answers before anything is registered."""
LIKED: Final = 5
"""Items shown of what a user liked most, and least."""


@dataclass(frozen=True)
class Desk:
    """Who answers, and what items are called."""

    name: str
    """Who answers, for people: ``champion v3 (als)`` or ``als``."""
    bundle: Bundle
    titles: Titles
    log: Log
    tick: int
    """The instant of the configuration's recommendations."""

    def user(self, text: str) -> Id:
        """The user that `text` spells.

        Raises
        ------
        NotFoundError
            If the model never saw one.
        """
        users = self.bundle.model.dataset.users
        position = position_of(users, text)
        if position < 0:
            message = f"user {text!r}: {self.name} never saw this user; give a user_id of the data"
            raise NotFoundError(message)
        return _plain(users[position])


def desk(workspace: Workspace, validated: Reference, asked: str | None) -> Desk:
    """Find who answers: a registered model, or a recipe that is fitted unless that was done.

    Parameters
    ----------
    asked
        ``champion``; a recipe of the configuration; an algorithm; or a recipe as JSON. By default
        the champion, before the first one the challenger, and before that :data:`DEFAULT`.
    """
    log = accepted_log(workspace, validated)
    titles = Titles(log.dataset.items, log.items)
    name, bundle = _bundle(workspace, validated, asked)
    return Desk(name, bundle, titles, log, instant(workspace, log))


def recipe_called(workspace: Workspace, asked: str) -> ModelConfig:
    """The recipe that a name or JSON stands for.

    Raises
    ------
    ConfigError
        If it stands for none.
    """
    if asked in workspace.config.models:
        return workspace.config.models[asked]
    if asked.lstrip().startswith("{"):
        try:
            return parse(json.loads(asked))
        except json.JSONDecodeError as error:
            message = f"model {asked}: not JSON: {error}"
            raise ConfigError(message) from error
    if asked in ALGORITHMS:
        return parse({"algorithm": asked})
    known = ", ".join(dict.fromkeys(("champion", *workspace.config.models, *ALGORITHMS)))
    message = f'model {asked!r}: expected one of {known}, or JSON: {{"algorithm": "als", …}}'
    raise ConfigError(message)


def similar(desk: Desk, text: str, k: int) -> dict[str, Any]:
    """The `k` items most similar to the one that `text` means; fewer if there are fewer.

    Raises
    ------
    AmbiguousError
        If it is not clear which item is meant.
    NotFoundError
        If nothing was learned of it.
    CapabilityError
        If the model has no notion of similarity.
    """
    meant = desk.titles.the_one(text)
    table = desk.bundle.model.similar_items(_index(meant.item), k=k)
    if table.empty:
        message = (
            f"item {meant.item!r} ({desk.titles.label(meant.item)}): {desk.name} learned nothing "
            "of it; ask for an item with interactions"
        )
        raise NotFoundError(message)
    rows = zip(table[Columns.SIMILAR], table[Columns.SCORE], strict=True)
    return {
        "model": desk.name,
        "item": _match(meant),
        "similar": [_item(desk, item, "score", score) for item, score in rows],
    }


def explained(desk: Desk, user: str, text: str, k: int) -> dict[str, Any]:
    """The score of an item as a sum over the user's own items, the `k` largest addends first.

    ``score`` is the sum of all contributions, those not shown included (``others``); for ALS that
    is the score of the user folded in, beside the model's own ``model_score``.

    Raises
    ------
    CapabilityError
        If the model's score is no such sum.
    NotFoundError
        If the user, the item, or the user's history is unknown.
    """
    meant = desk.titles.the_one(text)
    who, model = desk.user(user), desk.bundle.model
    why = model.explain(who, meant.item)
    shown = why.parts.head(k)
    rows = zip(shown[Columns.ITEM], shown[Columns.CONTRIBUTION], strict=True)
    rest = why.parts[Columns.CONTRIBUTION].iloc[k:]
    return {
        "model": desk.name,
        "user": who,
        "item": _match(meant),
        "score": why.score,
        "model_score": float(model.score(_index(who), _index(meant.item))[0, 0]),
        "because": [_item(desk, item, "contribution", added) for item, added in rows],
        "others": {"items": len(rest), "contribution": float(rest.sum())},
    }


def suggested(
    desk: Desk, user: str, k: int, *, scaled: bool = False, only_new: bool = False
) -> dict[str, Any]:
    """The best `k` live items for a user, beside what the user liked most and least.

    A user nobody knows gets what is popular, which ``fallback`` says.

    Parameters
    ----------
    scaled
        Scores from 0 to 1 (:func:`onstage.models.scaling.unit_scaled`).
    only_new
        Leave out what the user had; by default the configuration's repeat policy.
    """
    dataset, model = desk.bundle.model.dataset, desk.bundle.model
    position = position_of(dataset.users, user)
    who: Id = _plain(dataset.users[position]) if position >= 0 else user
    live = desk.log.dataset.items.take(desk.log.availability.live_at(desk.tick))
    policy = RepeatPolicy(kind="exclude") if only_new else None
    table = desk.bundle.recommend(_index(who), desk.tick, k, live=live, repeat=policy)
    if scaled:
        table = unit_scaled(model, table, desk.bundle.live_at(desk.tick, live), desk.tick)
    most, least = _liked(desk, position)
    rows = zip(table[Columns.ITEM], table[Columns.SCORE], strict=True)
    return {
        "model": desk.name,
        "user": who,
        "at": desk.bundle.clock.render(desk.tick),
        "scale": "unit" if scaled else "raw",
        "fallback": bool(table[Columns.FALLBACK].any()) or position < 0,
        "most_liked": most,
        "least_liked": least,
        "recommended": [_item(desk, item, "score", score) for item, score in rows],
    }


def _bundle(workspace: Workspace, validated: Reference, asked: str | None) -> tuple[str, Bundle]:
    if asked is None and not _anything_registered(workspace):
        logger.warning("nothing is registered yet: %s with default settings answers", DEFAULT)
        asked = DEFAULT
    if asked is None or (asked == "champion" and asked not in workspace.config.models):
        version = served(workspace)
        bundle = champion_bundle(workspace, version)
        return f"champion v{version.version} ({bundle.model.config.algorithm})", bundle
    recipe = recipe_called(workspace, asked)
    made = refitted(workspace, validated, recipe)
    name = f"{recipe.algorithm}, as given" if asked.lstrip().startswith("{") else asked
    return name, load_bundle(workspace.store.path(made, BUNDLE))


def _anything_registered(workspace: Workspace) -> bool:
    registry, name = registry_of(workspace), workspace.registered_model
    return registry.champion(name) is not None or registry.challenger(name) is not None


def _liked(desk: Desk, position: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A user's items with the largest and with the smallest sums of weights.

    Equal ones in the order of the catalogue. Nothing is least where all weights are equal.
    """
    if position < 0:
        return [], []
    dataset = desk.bundle.model.dataset
    row = dataset.matrix[position]
    items, weights = dataset.items[row.indices], row.data
    order = np.argsort(-weights, kind="stable")
    low = order[LIKED:][::-1][:LIKED] if len(set(weights.tolist())) > 1 else order[:0]
    most, least = (
        [_item(desk, items[i], "weight", weights[i]) for i in some] for some in (order[:LIKED], low)
    )
    return most, least


def _item(desk: Desk, item: Any, name: str, number: Any) -> dict[str, Any]:  # noqa: ANN401
    plain = _plain(item)
    return {"item": plain, "title": desk.titles.title(plain), name: float(number)}


def _match(meant: Match) -> dict[str, Any]:
    return {"item": meant.item, "title": meant.title, "match": meant.score}


def _index(one: Id) -> pd.Index:
    return pd.Index([one])


def _plain(one: Any) -> Id:  # noqa: ANN401  # NumPy's integers and strings
    return one if isinstance(one, str) else int(one)
