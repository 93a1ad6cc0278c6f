"""How the asking user behaves: the same for all candidates of a request."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns
from onstage.features.live.past import Past


WEEK_HOURS = 168.0


@dataclass(frozen=True, eq=False)
class ViewerPast:
    """Sums over the rows of each user, ready for any time."""

    past: Past

    @cached_property
    def fading(self) -> NDArray[np.float64]:
        """Fading counts of rows and of first visits over a week, then first visits ever."""
        line = self.past.by_user
        first = self.past.is_first[line.order].astype(np.float64)
        week = self.past.clock.span(seconds=3600 * WEEK_HOURS)
        fading = line.running(np.stack([np.ones(len(first)), first], axis=1), np.full(2, week))
        return np.concatenate([fading, line.running(first[:, None])], axis=1)


def viewer_features(asked: Asked, viewer: ViewerPast) -> Columns:
    """How active each request's user is, and how much of it is new; ``nan`` without a row."""
    past, line = viewer.past, viewer.past.by_user
    hour = past.clock.span(seconds=3600)
    requests = asked.requests
    last = line.before(requests.users, requests.times)
    none, at = last < 0, np.maximum(last, 0)
    passed = np.where(none, 0, requests.times - line.time[at])
    fading = viewer.fading[at]
    week = fading[:, 0] * np.exp2(-passed / past.clock.span(seconds=3600 * WEEK_HOURS))
    count = line.place[at] + 1.0
    values = {
        "user_rows": count,
        "user_items": fading[:, 2],
        "user_new_share": fading[:, 2] / count,
        "user_new_lately": fading[:, 1] / fading[:, 0],
        "user_rows_week": week,
        "user_since_row_hours": passed / hour,
    }
    return {
        name: np.where(none, np.nan, value).astype(np.float32)[asked.line]
        for name, value in values.items()
    }
