"""How often the user chose an item when it was there to be chosen."""

import numpy as np

from onstage.data.requests import ragged
from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns, Own, spread
from onstage.features.live.past import Past


RECENT_ROWS = 64
"""The user's newest rows that are looked at."""

HALF_LIFE_HOURS = 168.0


def choice_features(asked: Asked, past: Past, found: Own) -> Columns:
    """What the user chose at the moments at which a candidate was live, since the first visit.

    Of the user's newest :data:`RECENT_ROWS` rows before the request, those since the first visit at
    which somebody watched the item are its occasions; at some of them the user chose it. Who
    watched is taken from rows that began by then, and had not ended.
    """
    by_pair, by_user = past.by_pair, past.by_user
    user, item, time = (values[found.pair] for values in (asked.user, asked.item, asked.time))
    first = by_pair.time[found.last - by_pair.place[found.last]]
    newest = by_user.before(user, time)
    oldest = np.maximum(newest - by_user.place[newest], newest - RECENT_ROWS + 1)
    of, row = ragged(oldest, newest + 1)
    since = by_user.time[row] >= first[of]
    of, row = of[since], row[since]
    then = by_user.time[row]
    watched = past.by_item.counts(item[of], then + 1) > past.item_ends.counts(item[of], then + 1)
    chosen = past.item[by_user.order[row]] == item[of]
    week = past.clock.span(seconds=3600 * HALF_LIFE_HOURS)
    weight = np.exp2(-(time[of] - then) / week)
    n, pairs = len(asked), len(found.pair)
    hits = np.bincount(of, weights=weight * chosen, minlength=pairs)
    tries = np.bincount(of, weights=weight * (watched | chosen), minlength=pairs)
    occasions = np.bincount(of, weights=watched | chosen, minlength=pairs)
    rate = hits / np.maximum(tries, np.finfo(np.float32).tiny)
    return {
        "own_occasions": spread(n, found.pair, occasions, np.nan),
        "own_chosen": spread(n, found.pair, rate, 0.0),
        "own_chosen_cautiously": spread(n, found.pair, hits / (tries + 1), 0.0),
    }
