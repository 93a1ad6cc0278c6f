"""What everybody else did with each candidate, and how its broadcasts run."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns, Own, OwnPast, spread
from onstage.features.live.past import BREAK_HOURS, HALF_LIVES_HOURS, Past
from onstage.types import Positions


@dataclass(frozen=True, eq=False)
class CrowdPast:
    """Sums over the rows of each item, ready for any time."""

    past: Past

    @cached_property
    def fading(self) -> NDArray[np.float64]:
        """Fading counts of rows, then of first visits, in the order of ``by_item``."""
        line = self.past.by_item
        n = len(HALF_LIVES_HOURS)
        first = self.past.is_first[line.order].astype(np.float64)
        new = np.repeat(first[:, None], n, axis=1)
        values = np.concatenate([np.ones_like(new), new], axis=1)
        return line.running(values, np.tile(self.past.half_lives, 2))

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Sums of first visits and of :meth:`Past.angles`, in the order of ``by_item``."""
        line = self.past.by_item
        first = self.past.is_first[line.order].astype(np.float64)
        return line.running(np.concatenate([first[:, None], self.past.angles(line.time)], axis=1))


def crowd_features(asked: Asked, crowd: CrowdPast, own: OwnPast, found: Own) -> Columns:
    """What everybody but the asking user did with each candidate, and its broadcast."""
    item, time, number = asked.moments
    moment = _moments(item, time, crowd)
    columns = {name: values.astype(np.float32)[number] for name, values in moment.items()}
    _without_own(columns, asked, own, found)
    usual = np.maximum(columns["all_fading_336h"], np.float32(1))
    for name, part in (("all_trend", "all_fading_24h"), ("all_new_share", "new_fading_336h")):
        columns[name] = (columns[part] / usual).astype(np.float32)
    columns |= _own_broadcasts(asked, own, found)
    return columns


def _moments(
    item: Positions, time: NDArray[np.int64], crowd: CrowdPast
) -> dict[str, NDArray[np.float64]]:
    """Everybody's rows of each (item, time)."""
    past, line = crowd.past, crowd.past.by_item
    hour = past.clock.span(seconds=3600)
    last = line.before(item, time)
    none = last < 0
    at = np.maximum(last, 0)
    passed = np.where(none, 0, time - line.time[at])
    count = np.where(none, 0, line.place[at] + 1.0)
    fading = crowd.fading[at] * np.exp2(-passed[:, None] / np.tile(past.half_lives, 2))
    fading[none] = 0.0
    sums, now = crowd.sums[at], past.angles(time)
    near = sums[:, 1:] * now
    idle = (time - np.minimum(past.reach[at], time)) / hour
    on_air = ~none & (idle <= BREAK_HOURS)
    broadcasts = np.where(none, 0.0, past.broadcast[line.order[at]] + 1.0)
    safe = np.maximum(count, 1)
    values = {
        "all_count": count,
        "all_audience": count - past.item_ends.counts(item, time),
        "all_viewers": np.where(none, 0, sums[:, 0]),
        "all_idle_hours": np.where(none, np.nan, idle),
        "all_since_row_hours": np.where(none, np.nan, passed / hour),
        "all_on_air_hours": np.where(on_air, (time - past.opened[at]) / hour, np.nan),
        "all_broadcasts": broadcasts,
        "all_rows_a_broadcast": count / np.maximum(broadcasts, 1),
        "all_same_hour": np.where(none, np.nan, (near[:, 0] + near[:, 1]) / safe),
        "all_same_weekday": np.where(none, np.nan, (near[:, 4] + near[:, 5]) / safe),
    }
    n = len(HALF_LIVES_HOURS)
    for k, hours in enumerate(HALF_LIVES_HOURS):
        values[f"all_fading_{hours:g}h"] = fading[:, k]
        values[f"new_fading_{hours:g}h"] = fading[:, n + k]
    return values


def _without_own(columns: Columns, asked: Asked, own: OwnPast, found: Own) -> None:
    """Take the asking user's own rows out of everybody's."""
    past, line = own.past, own.past.by_pair
    pair, last = found.pair, found.last
    time = asked.time[pair]
    group = asked.user[pair] * past.n_items + asked.item[pair]
    count = line.place[last] + 1
    fading = own.fading[last] * np.exp2(-(time - line.time[last])[:, None] / past.half_lives)
    columns["all_count"][pair] -= count.astype(np.float32)
    columns["all_viewers"][pair] -= 1
    running = count - past.pair_ends.counts(group, time)
    columns["all_audience"][pair] -= running.astype(np.float32)
    for k, hours in enumerate(HALF_LIVES_HOURS):
        column = columns[f"all_fading_{hours:g}h"]
        column[pair] = np.maximum(column[pair] - fading[:, k].astype(np.float32), 0)
        new = columns[f"new_fading_{hours:g}h"]
        first = time - line.time[last - line.place[last]]
        new[pair] = np.maximum(new[pair] - np.exp2(-first / past.half_lives[k]), 0)


def _own_broadcasts(asked: Asked, own: OwnPast, found: Own) -> Columns:
    """How the user's visits lie among the item's broadcasts."""
    past, line = own.past, own.past.by_pair
    pair, last = found.pair, found.last
    row, first = line.order[last], line.order[last - line.place[last]]
    newest = past.by_item.before(asked.item[pair], asked.time[pair])
    current = past.broadcast[past.by_item.order[newest]]
    since_first = current - past.broadcast[first] + 1.0
    skipped = (current - past.broadcast[row]).astype(np.float64)
    time = asked.time[pair]
    idle = time - np.minimum(past.reach[newest], time)
    on_air = idle <= past.clock.span(seconds=3600 * BREAK_HOURS)
    same = on_air & (skipped == 0)
    n = len(asked)
    return {
        "own_skipped": spread(n, pair, skipped, np.nan),
        "own_attendance": spread(n, pair, own.attended[last] / since_first, 0.0),
        "own_this_broadcast": spread(n, pair, same.astype(np.float64), 0.0),
    }
