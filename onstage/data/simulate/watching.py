"""The evening itself: viewers choose among who is live, one watch after the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from onstage.data.simulate.laws import GENRES
from onstage.data.simulate.memory import FAMILIAR, Memory, recall
from onstage.data.simulate.stage import Stage
from onstage.data.simulate.viewers import Viewers, nearness


TRIES = 6
"""Draws of somebody new before the exact distribution is computed."""


@dataclass(frozen=True)
class Watches:
    """Who watched what, sorted by user and start. Arrays of shape (n_watches,).

    Attributes
    ----------
    user, broadcast : ndarray of int64
    start, stop : ndarray of int64
        Ticks, half-open, inside the broadcast.
    """

    user: NDArray[np.int64]
    broadcast: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)

    def where(self, rows: NDArray[np.bool_]) -> "Watches":
        """Keep some."""
        return Watches(self.user[rows], self.broadcast[rows], self.start[rows], self.stop[rows])


def watch(viewers: Viewers, stage: Stage, rng: np.random.Generator) -> Watches:
    """Let every viewer of a block watch as often as planned.

    At a step a viewer returns to somebody remembered with probability ``M / (M + novelty)``,
    ``M`` being the sum of the memories of those who are live (:func:`recall` times loyalty);
    otherwise looks around: any live broadcast, by its weight, the nearness of its community, the
    taste for its genre, and less if its streamer is remembered (:data:`FAMILIAR`). A broadcast is
    never watched twice.

    Returns
    -------
    Watches
        A planned watch with nobody left to watch is missing.
    """
    evening = _Evening(viewers, stage, rng)
    for number in range(viewers.plan.shape[1]):
        evening.turn(number)
    return evening.watches()


class _Evening:
    """One block of viewers in front of the stage."""

    def __init__(self, viewers: Viewers, stage: Stage, rng: np.random.Generator) -> None:
        self.viewers, self.stage, self.rng = viewers, stage, rng
        self.memory = Memory(len(viewers), viewers.plan.shape[1])
        self.loyalty = viewers.loyalty * stage.config.loyalty
        self.novelty = viewers.novelty * stage.config.novelty * stage.law.novelty
        self.near = nearness(stage.law)[viewers.community]
        self.chosen = np.full(viewers.plan.shape, -1, dtype=np.int64)
        self.again = np.zeros(viewers.plan.shape, dtype=np.bool_)
        jitter = rng.integers(0, stage.law.ticks_per_step, viewers.plan.shape)
        self.tick = viewers.plan * stage.law.ticks_per_step + jitter

    def turn(self, number: int) -> None:
        """Let everybody who has a watch number `number` choose it."""
        active = int(np.searchsorted(-self.viewers.rows, -number, side="left"))
        if active == 0:
            return
        step = self.viewers.plan[:active, number]
        strength, live = self._memories(active, step, self.tick[:active, number])
        total = strength.sum(axis=1)
        uniform = self.rng.random(active) * (total + self.novelty[:active])
        back = uniform < total
        chosen = np.full(active, -1, dtype=np.int64)
        if back.any():
            reach = np.cumsum(strength[back], axis=1)
            slot = np.minimum((reach <= uniform[back, None]).sum(axis=1), reach.shape[1] - 1)
            chosen[back] = live[np.flatnonzero(back), slot]
        around = np.flatnonzero(~back)
        chosen[around] = self._look_around(around, step[around])
        found = np.flatnonzero(chosen >= 0)
        self.chosen[found, number] = chosen[found]
        streamer = self.stage.broadcasts.streamer[chosen[found]]
        self.again[found, number] = self.memory.remember(
            found, streamer, chosen[found], self.tick[found, number]
        )

    def _memories(
        self, active: int, step: NDArray[np.int64], tick: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Strength of each remembered streamer that is live anew, and the broadcast (or -1)."""
        width = max(1, int(self.memory.size[:active].max()))
        live = self.stage.current(self.memory.streamer[:active, :width], step[:, None])
        live[live == self.memory.broadcast[:active, :width]] = -1
        viewer, slot = np.nonzero(live >= 0)
        age = (tick[viewer] - self.memory.last[viewer, slot]) / self.stage.law.ticks_per_day
        strength = np.zeros(live.shape)
        strength[viewer, slot] = self.loyalty[viewer] * recall(
            self.memory.visits[viewer, slot], age
        )
        return strength, live

    def _look_around(self, who: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen = np.full(len(who), -1, dtype=np.int64)
        if len(who) == 0:
            return chosen
        taste = self.near[who][:, :, None] * self.viewers.taste[who][:, None, :]
        reach = np.cumsum(taste.reshape(len(who), -1) * self.stage.live.totals(step), axis=1)
        left = np.flatnonzero(reach[:, -1] > 0)
        for _ in range(TRIES):
            target = self.rng.random(len(left)) * reach[left, -1]
            cell = (reach[left] <= target[:, None]).sum(axis=1)
            drawn = self.stage.live.draw(step[left], cell, self.rng.random(len(left)))
            fresh = self.rng.random(len(left)) < self._appeal(who[left], drawn)
            chosen[left[fresh]] = drawn[fresh]
            left = left[~fresh]
        for i in left:
            chosen[i] = self._exactly(int(who[i]), int(step[i]))
        return chosen

    def _appeal(self, who: NDArray[np.int64], broadcast: NDArray[np.int64]) -> NDArray[np.float64]:
        """Chance that who looks around stays: 0 when watched before, less when familiar, or 1."""
        width = int(self.memory.size[who].max(initial=0))
        streamer = self.stage.broadcasts.streamer[broadcast]
        known = (self.memory.streamer[who, :width] == streamer[:, None]).any(axis=1)
        watched = (self.memory.broadcast[who, :width] == broadcast[:, None]).any(axis=1)
        return np.where(watched, 0.0, np.where(known, FAMILIAR, 1.0))

    def _exactly(self, who: int, step: int) -> int:
        """Draw from all live broadcasts that were not watched; -1 when there is none."""
        live, weight = self.stage.live.live(step)
        streamer = self.stage.broadcasts.streamer[live]
        cell = self.stage.streamers.cell[streamer]
        weight = weight * self.near[who, cell // GENRES] * self.viewers.taste[who, cell % GENRES]
        weight *= self._appeal(np.full(len(live), who), live)
        reach = np.cumsum(weight)
        if len(reach) == 0 or reach[-1] <= 0:
            return -1
        return int(live[np.searchsorted(reach, self.rng.random() * reach[-1], side="right")])

    def watches(self) -> Watches:
        """Collect the choices, with their lengths."""
        viewer, number = np.nonzero(self.chosen >= 0)
        order = np.lexsort((number, self.viewers.user[viewer]))
        viewer, number = viewer[order], number[order]
        broadcast = self.chosen[viewer, number]
        start = self.tick[viewer, number]
        hold = self.stage.streamers.hold[self.stage.broadcasts.streamer[broadcast]]
        mood = (
            0.45 * self.viewers.patience[viewer]
            + 0.3 * hold
            + 0.3 * (2 * self.again[viewer, number] - 1)
            + 0.79 * self.viewers.noise[viewer, number]
        )
        length = self.stage.law.length(special.ndtr(mood))
        stop = np.minimum(start + length, self.stage.ends[broadcast])
        return Watches(self.viewers.user[viewer], broadcast, start, stop)
