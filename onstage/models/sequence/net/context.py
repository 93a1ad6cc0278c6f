r"""LiveRec's second half: the best candidates see each other before they are scored.

An exact reorganisation of the published model. With :math:`f` a state and :math:`c_i` a candidate's
vector, the `top` candidates by :math:`\langle f, c_i \rangle` go through self-attention blocks, and
score :math:`\langle f, \tilde c_i \rangle`. Four things make it fast and change nothing:

* who is on top is found without gradients; places without a queried candidate are left out;
* in a batch the same (item, interval, count) recurs: what the first block computes of a candidate
  alone is computed once and gathered;
* places are sorted by how many candidates they have, so that little is padded;
* only queried candidates matter after the last block: their queries go through the key and value
  projections, :math:`q^\top (W_k x) = (W_k^\top q)^\top x`, instead of all candidates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onstage.models.sequence.config import LiverecConfig
from onstage.models.sequence.net.blocks import attend, feed_forward, linear, norm, projected
from onstage.models.sequence.net.noise import Noise
from onstage.models.sequence.net.parameters import Parameters
from onstage.models.sequence.net.scores import Pool, plain
from onstage.models.sequence.repeats import BUCKETS, COUNTS


CHUNK = 2048
"""Candidates that go through the blocks together: they should fit in the cache."""


@dataclass(frozen=True)
class Stage:
    """The candidates of each state that see each other.

    Attributes
    ----------
    places : Tensor of int64, shape (n, k)
        Columns of the pool, best first.
    kept : Tensor of int64, shape (n,)
        How many of these count.
    zeros : Tensor of int64, shape (n,)
        How many zero vectors stand beside them.
    """

    places: Tensor
    kept: Tensor
    zeros: Tensor

    @property
    def seated(self) -> Tensor:
        """Columns of the pool that count, -1 beside them, shape (n, k)."""
        number = torch.arange(self.places.shape[1], device=self.places.device)
        return torch.where(number < self.kept[:, None], self.places, -1)

    def put(self, scores: Tensor, inside: Tensor) -> Tensor:
        """`scores` (n, m) with those of the seated (n, k) in their places."""
        wider = functional.pad(scores, (0, 1))
        columns = torch.where(self.seated >= 0, self.places, scores.shape[1])
        return wider.scatter(1, columns, inside)[:, :-1]

    def seats(self, queries: Tensor, width: int) -> Tensor:
        """Where each queried column of the pool (of `width`) stands; -1 outside, (n, q)."""
        n, k = self.places.shape
        number = torch.arange(k, device=queries.device).expand(n, k)
        seat = torch.full((n, width), -1, device=queries.device)
        seat.scatter_(1, self.places, torch.where(number < self.kept[:, None], number, -1))
        return torch.where(queries >= 0, seat.gather(1, queries.clamp(min=0)), -1)


def stage(config: LiverecConfig, raw: Tensor, pool: Pool, largest: int) -> Stage:
    """Who sees whom, by the scores before the context.

    Parameters
    ----------
    largest
        Size of the largest live set: with ``config.zeros`` all are filled up to it.
    """
    there = pool.items > 0
    raw = raw.detach().masked_fill(~there, -torch.inf)
    size = there.sum(dim=1)
    room = torch.full_like(size, config.top)
    zeros = torch.zeros_like(size)
    kept = torch.minimum(size, room)
    if config.zeros:
        room = room.clamp(max=max(largest, 1))
        absent = (largest - size).clamp(min=0)
        better = (raw > 0).sum(dim=1)
        kept = torch.minimum(torch.maximum(torch.minimum(better, room), room - absent), size)
        zeros = room - kept
    width = min(config.top, raw.shape[1])
    return Stage(raw.topk(width, dim=1).indices, kept, zeros)


def contextual(  # noqa: PLR0913  # what a network, a state and its candidates are
    p: Parameters,
    config: LiverecConfig,
    table: Tensor,
    states: Tensor,
    pool: Pool,
    queries: Tensor | None,
    *,
    noise: Noise,
    largest: int,
) -> Tensor:
    """Scores of the queried columns of each pool (None: of all), shape (n, q).

    Outside the top a candidate scores 0 with ``config.zeros``, else what it scored before.
    """
    if queries is None:
        before = plain(p, table, states, pool)
        on = stage(config, before, pool, largest)
        inside = contextual(p, config, table, states, pool, on.seated, noise=noise, largest=largest)
        before = torch.zeros_like(before) if config.zeros else before
        return on.put(before, inside)
    with torch.no_grad():
        raw = plain(p, table, states, pool)
    on = stage(config, raw, pool, largest)
    seats = on.seats(queries, pool.items.shape[1])
    if config.zeros:
        scores = torch.zeros(seats.shape, device=states.device)
    else:
        scores = plain(p, table, states, pool.gather(queries.clamp(min=0)))
    rows = torch.nonzero((seats >= 0).any(dim=1))[:, 0]
    if len(rows) == 0:
        return scores + 0 * states.sum()
    rows = rows[torch.argsort(on.kept[rows], stable=True)]
    chunks = [_Chunk.of(config, on, rows, states, seats) for rows in _chunks(rows, on.kept[rows])]
    found = _met(p, config, table, pool.gather(on.places), chunks)
    parts = [_scored(p, config, *one, noise=noise) for one in zip(chunks, *found, strict=True)]
    inside = torch.zeros_like(scores).index_copy(0, rows, torch.cat(parts))
    return torch.where(seats >= 0, inside, scores)


def _chunks(rows: Tensor, kept: Tensor) -> Iterator[Tensor]:
    """Rows of growing `kept`, at most :data:`CHUNK` candidates at a time, padding counted in."""
    sizes = kept.cpu().numpy()
    low = 0
    while low < len(rows):
        filled = (np.arange(len(rows) - low) + 1) * sizes[low:]
        high = low + max(1, int(np.searchsorted(filled, CHUNK, side="right")))
        yield rows[low:high]
        low = high


@dataclass(frozen=True)
class _Chunk:
    """States with about as many seated candidates each.

    Attributes
    ----------
    rows : Tensor of int64, shape (n,)
    states : Tensor of float32, shape (n, d)
    seats : Tensor of int64, shape (n, q)
        Which places are queried.
    present : Tensor of bool, shape (n, length)
        Which places are taken.
    weight : Tensor of float32, shape (n, 1, length)
        Logarithm of how often each place counts as a key.
    """

    rows: Tensor
    states: Tensor
    seats: Tensor
    present: Tensor
    weight: Tensor

    @classmethod
    def of(
        cls, config: LiverecConfig, on: Stage, rows: Tensor, states: Tensor, seats: Tensor
    ) -> "_Chunk":
        kept = on.kept[rows]
        number = torch.arange(int(kept.max()), device=rows.device)
        present = number < kept[:, None]
        weight = torch.zeros(present.shape, device=rows.device).masked_fill(~present, -torch.inf)
        queried = seats[rows].clamp(min=0)
        if config.zeros:
            weight = torch.cat([on.zeros[rows, None].to(weight.dtype).log(), weight], dim=1)
            queried = queried + 1
        return cls(rows, states[rows], queried, present, weight[:, None])

    def places(self, numbers: Tensor) -> Tensor:
        """`numbers` (n_states, k) of those seated here; 0, the zero vector, where nobody is."""
        width = self.present.shape[1]
        seated = torch.where(self.present, numbers[self.rows, :width], 0)
        extra = self.weight.shape[-1] - width
        return functional.pad(seated, (extra, 0)) if extra else seated


def _met(
    p: Parameters, config: LiverecConfig, table: Tensor, pool: Pool, chunks: list[_Chunk]
) -> list[list[Tensor]]:
    """What the first block starts from, at the places of each chunk, (n, length, d and 3 d).

    Candidates met more than once are computed once. With one block only: their vectors; else their
    normalised vectors, and beside them their queries, keys and values.
    """
    intervals = 0 if pool.intervals is None else pool.intervals
    counts = 0 if pool.counts is None else pool.counts
    keys = (pool.items * BUCKETS + intervals) * COUNTS + counts
    unique, inverse = torch.unique(functional.pad(keys.flatten(), (1, 0)), return_inverse=True)
    vectors = functional.embedding(unique // (BUCKETS * COUNTS), table)
    if pool.intervals is not None:
        vectors = vectors + functional.embedding(unique // COUNTS % BUCKETS, p["intervals"])
    if pool.counts is not None:
        vectors = vectors + functional.embedding(unique % COUNTS, p["counts"])
    tables = [vectors]
    if config.context_blocks > 1:
        query = norm(p, "context.0.before", vectors)
        tables = [query, projected(p, "context.0", query, vectors, config.heads)]
    places = [chunk.places(inverse[1:].view(keys.shape)) for chunk in chunks]
    every = torch.cat([one.flatten() for one in places])
    return [_laid(functional.embedding(every, one), places) for one in tables]


def _laid(every: Tensor, places: list[Tensor]) -> list[Tensor]:
    """Rows of `every`, in the shapes of `places`."""
    parts = every.split([one.numel() for one in places])
    return [part.view(*one.shape, -1) for part, one in zip(parts, places, strict=True)]


def _scored(
    p: Parameters, config: LiverecConfig, chunk: _Chunk, *first: Tensor, noise: Noise
) -> Tensor:
    """Scores of the queried places, shape (n, q), from what :func:`_met` made."""
    x = first[0]
    for block in range(config.context_blocks - 1):
        name = f"context.{block}"
        if block:
            query = norm(p, f"{name}.before", x)
            found = projected(p, name, query, x, config.heads)
        else:
            query, found = first
        mixed = attend(found, config.heads, chunk.weight, noise, 2 if config.zeros else None)
        x = norm(p, f"{name}.after", query + linear(p, f"{name}.out", mixed))
        x = feed_forward(p, name, x, noise, 1 if config.zeros else None)
    x = _queried(p, config, x, chunk.weight, chunk.seats, noise)
    return (norm(p, "context.norm", x) * chunk.states[:, None]).sum(dim=-1)


def _queried(
    p: Parameters, config: LiverecConfig, x: Tensor, weight: Tensor, seats: Tensor, noise: Noise
) -> Tensor:
    """The last block, in which only the candidates at `seats` query; shape (n, q, d)."""
    name = f"context.{config.context_blocks - 1}"
    n, length, d = x.shape
    asked, heads = seats.shape[1], config.heads
    own = x.gather(1, seats[:, :, None].expand(-1, -1, d))
    query = norm(p, f"{name}.before", own)
    q = linear(p, f"{name}.query", query).view(n, asked, heads, d // heads)
    key = p[f"{name}.key.weight"].view(heads, d // heads, d)
    value = p[f"{name}.value.weight"].view(heads, d // heads, d)
    folded = torch.einsum("nqhe,hed->nhqd", q, key).reshape(n, heads * asked, d)
    logits = folded @ x.transpose(1, 2) * (d // heads) ** -0.5 + weight
    weights = functional.softmax(logits, dim=-1)
    keep = noise.keep((n, heads * asked, length), x.device, 2 if config.zeros else None)
    if keep is not None:
        weights = weights * keep * noise.scale
    mixed = (weights @ x).view(n, heads, asked, d)
    out = torch.einsum("nhqd,hed->nqhe", mixed, value).reshape(n, asked, d)
    total = weights.sum(dim=-1).view(n, heads, asked, 1).transpose(1, 2)
    bias = p[f"{name}.value.bias"].view(heads, d // heads)
    out = out + (total * bias).reshape(n, asked, d)
    x = norm(p, f"{name}.after", query + linear(p, f"{name}.out", out))
    return feed_forward(p, name, x, noise)
