"""Answers to questions, and posts taken in: the service without HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.data.requests import Requests
from onstage.errors import CapabilityError, ConfigError, NotFoundError
from onstage.serving.bundle import Bundle
from onstage.serving.online.asked import (
    AskedLists,
    AskedReasons,
    AskedSimilar,
    Instant,
    PostedLive,
    PostedRow,
    PostedRows,
)
from onstage.serving.online.identifiers import like, places, plain
from onstage.serving.online.rows import Row
from onstage.serving.online.served import Served
from onstage.serving.online.stage import Stage, Standing
from onstage.types import Id, Positions


Answer = dict[str, Any]
"""JSON; its shape is in :mod:`onstage.serving.online.told`."""


@dataclass(frozen=True)
class Service:
    """What every endpoint does, as plain functions that run in any thread.

    Attributes
    ----------
    name
        Registered model.
    stage
        Who answers.
    at
        The service's own instant: of requests that name none, and of the live board.
    """

    name: str
    stage: Stage
    at: str = "now"

    def recommend(self, asked: AskedLists) -> Answer:
        """One list a user; the same as in a batch by the same champion.

        Raises
        ------
        NoChampionError
            If nobody answers yet; from every method but :meth:`health`.
        ConfigError
            If an identifier or an instant is not of the data's kind.
        """
        served = self.stage.standing.ready()
        tick = self._tick(served, asked.at)
        users = like(asked.users, served.bundle.model.dataset.users, "user").unique()
        where = served.bundle.model.dataset.user_positions(users)
        bundle = served.view(where)
        live = self._live(bundle, tick) if asked.live is None else _named(bundle, asked.live)
        items = bundle.model.dataset.items.take(live)
        table = bundle.recommend(users, tick, asked.k, live=items, repeat=asked.repeat)
        return {
            **_who(served),
            "at": bundle.clock.render(tick),
            "live_items": len(live),
            "lists": _lists(served, table, users, where),
        }

    def similar(self, asked: AskedSimilar) -> Answer:
        """The items nearest to one.

        Raises
        ------
        CapabilityError
            If the champion has no notion of similarity.
        """
        served = self.stage.standing.ready()
        dataset = served.bundle.model.dataset
        one = like([asked.item], dataset.items, "item")
        table = served.bundle.model.similar_items(one, k=asked.k)
        rows = zip(table[Columns.SIMILAR].tolist(), table[Columns.SCORE].tolist(), strict=True)
        item = plain(one[0])
        return {
            **_who(served),
            "item": item,
            "title": served.titles.title(item),
            "known": bool(dataset.item_positions(one)[0] >= 0),
            "similar": [
                {"item": near, "title": served.titles.title(near), "score": score}
                for near, score in rows
            ],
        }

    def explain(self, asked: AskedReasons) -> Answer:
        """Why an item is recommended to a user: visits, and the score as a sum where it is one.

        Raises
        ------
        NotFoundError
            If the champion does not know the item.
        """
        served = self.stage.standing.ready()
        dataset = served.bundle.model.dataset
        one = like([asked.item], dataset.items, "item")
        who = like([asked.user], dataset.users, "user")
        item, user = plain(one[0]), plain(who[0])
        place, where = dataset.item_positions(one), dataset.user_positions(who)
        if place[0] < 0:
            message = f"item {repr(item)[:40]}: the champion does not know it; name another"
            raise NotFoundError(message)
        tick = self._tick(served, asked.at)
        bundle = served.view(where)
        score = float(bundle.model.score(who, one, at=tick)[0, 0])
        return {
            **_who(served),
            "at": bundle.clock.render(tick),
            "user": user,
            "item": item,
            "title": served.titles.title(item),
            "score": score if np.isfinite(score) else None,
            **_visits(bundle, where, int(place[0]), tick),
            "item_visits": int(dataset.item_counts[place[0]]),
            **_reasons(served, bundle, user, item, tick, asked.k),
        }

    def change_live(self, post: PostedLive) -> Answer:
        """Take in who went live or offline: counts from the next request on."""
        served = self.stage.standing.ready()
        named = [*post.on, *post.off, *(post.only or ())]
        items = served.bundle.model.dataset.items
        spelt = dict(zip(named, map(plain, like(named, items, "item")), strict=True))

        def tidy(some: list[Id]) -> list[Id]:
            return [spelt[one] for one in some]

        only = None if post.only is None else tidy(post.only)
        changed = {"on": tidy(post.on), "off": tidy(post.off), "only": only}
        tick = self._tick(served, None)
        self.stage.change(tick, post.model_copy(update=changed))
        return {
            "live_items": len(self._live(served.bundle, tick)),
            "unknown": int((places(list(spelt.values()), items) < 0).sum()),
        }

    def live(self, most: int) -> Answer:
        """Who is live at the service's own instant, and who was posted to be offline."""
        served = self.stage.standing.ready()
        bundle, tick = served.bundle, self._tick(served, None)
        live, board = self._live(bundle, tick), self.stage.board
        shown = np.union1d(live, board.off(bundle, tick))
        counts = bundle.model.dataset.item_counts[shown]
        shown = shown[np.argsort(-counts, kind="stable")][:most]
        on, posted = np.isin(shown, live), np.isin(shown, board.said(bundle, tick))
        items = [plain(one) for one in bundle.model.dataset.items.take(shown)]
        return {
            "at": bundle.clock.render(tick),
            "live_items": len(live),
            "items": [
                {"item": item, "title": served.titles.title(item), "live": here, "posted": said}
                for item, here, said in zip(items, on.tolist(), posted.tolist(), strict=True)
            ],
        }

    def users(self, most: int) -> Answer:
        """Users to choose from."""
        served = self.stage.standing.ready()
        return {"users": [plain(one) for one in served.users(most)]}

    def observe(self, post: PostedRows) -> tuple[Answer, Callable[[], bool]]:
        """Take new interactions in; and say whether they are counted, asked again and again.

        Raises
        ------
        ConfigError
            If an identifier or an instant is not of the data's kind, or an end lies before its
            start. None of the rows counts then.
        """
        served = self.stage.standing.ready()
        dataset, posted = served.bundle.model.dataset, post.interactions
        users = like([one.user for one in posted], dataset.users, "user")
        items = like([one.item for one in posted], dataset.items, "item")
        rows = [
            Row(plain(user), plain(item), *self._span(served, number, one), one.weight)
            for number, (one, user, item) in enumerate(zip(posted, users, items, strict=True))
        ]
        unknown, counted = self.stage.observe(rows)
        answer = {
            "accepted": len(rows),
            "unknown_users": unknown.users,
            "unknown_items": unknown.items,
        }
        return answer, counted

    def health(self) -> Answer:
        """Whether the service can answer, and with what."""
        standing: Standing = self.stage.standing
        answer: Answer = {
            "status": standing.status,
            "message": standing.message,
            "name": self.name,
            "posted": self.stage.posted,
        }
        served = standing.served
        if served is None:
            return answer
        tick = self._tick(served, None)
        return {
            **answer,
            **_who(served),
            "loaded": served.since.isoformat(),
            "at": served.bundle.clock.render(tick),
            "users": served.bundle.model.dataset.n_users,
            "items": served.bundle.model.dataset.n_items,
            "live_items": len(self._live(served.bundle, tick)),
            "pending": served.pending,
        }

    def _tick(self, served: Served, at: Instant | None) -> int:
        return served.tick(self.at if at is None else at)

    def _live(self, bundle: Bundle, tick: int) -> Positions:
        return self.stage.board.live_at(bundle, tick)

    def _span(self, served: Served, number: int, one: PostedRow) -> tuple[int, int]:
        """Ticks at which a posted row starts and ends."""
        time = self._tick(served, None) - 1 if one.at is None else served.tick(one.at)
        ends = time if one.ends is None else served.tick(one.ends)
        if ends < time:
            message = f"interactions.{number}: ends {one.ends!r} lies before its start; swap them"
            raise ConfigError(message)
        return time, ends


def _who(served: Served) -> Answer:
    return {"version": served.version, "algorithm": served.algorithm}


def _named(bundle: Bundle, items: list[Id]) -> Positions:
    """Positions of the items that a request says are live."""
    found = bundle.model.dataset.item_positions(like(items, bundle.model.dataset.items, "item"))
    return np.unique(found[found >= 0])


def _lists(
    served: Served, table: pd.DataFrame, users: pd.Index, where: Positions
) -> list[Mapping[str, Any]]:
    strange = dict(zip(users.tolist(), (where < 0).tolist(), strict=True))
    lists: dict[Id, dict[str, Any]] = {
        user: {"user": user, "fallback": alien, "items": []} for user, alien in strange.items()
    }
    columns = (Columns.USER, Columns.ITEM, Columns.SCORE, Columns.RANK, Columns.FALLBACK)
    for user, item, score, rank, fallback in zip(
        *(table[name].tolist() for name in columns), strict=True
    ):
        lists[user]["fallback"] = fallback
        entry = {"item": item, "title": served.titles.title(item), "score": score, "rank": rank}
        lists[user]["items"].append(entry)
    return list(lists.values())


def _visits(bundle: Bundle, where: Positions, place: int, tick: int) -> Answer:
    """The user's own earlier rows of the item."""
    history = bundle.model.history
    start, stop = (int(one[0]) for one in history.bounds(Requests(where, np.array([tick]))))
    times = history.time[start:stop][history.item[start:stop] == place]
    return {
        "own_visits": len(times),
        "own_last": bundle.clock.render(int(times.max())) if len(times) else None,
    }


def _reasons(  # whose score of what, by whom, when
    served: Served, bundle: Bundle, user: Id, item: Id, tick: int, k: int
) -> Answer:
    """The addends of the score; None with a note where there is no such sum."""
    try:
        why = bundle.model.explain(user, item, at=tick)
    except (CapabilityError, NotFoundError) as error:
        return {"because": None, "others": None, "note": str(error)}
    own, added = why.parts[Columns.ITEM].tolist(), why.parts[Columns.CONTRIBUTION].tolist()
    shown = zip(own[:k], added[:k], strict=True)
    return {
        "because": [
            {"item": one, "title": served.titles.title(one), "contribution": part}
            for one, part in shown
        ],
        "others": {"items": len(own[k:]), "contribution": float(sum(added[k:]))},
        "note": None,
    }
