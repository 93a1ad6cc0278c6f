"""LiveRec as published, the slow way (needs torch): the reorganised one must agree with it."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from onstage.models.sequence.config import LiverecConfig
from onstage.types import Positions


def naive_scores(  # noqa: PLR0913, PLR0917  # parameters, a state and its candidates
    p: dict[str, Any],
    config: LiverecConfig,
    states: Any,  # noqa: ANN401  # tensors: torch is optional
    items: Positions,
    intervals: Positions,
    counts: Positions,
    largest: int,
) -> Any:  # noqa: ANN401
    """Scores of every candidate of every state, one state after the other, with gradients.

    Parameters
    ----------
    states : Tensor, shape (n, d)
    items, intervals, counts : ndarray of int64, shape (n, m)
        Tokens (0: nobody) and buckets.
    largest
        Size of the largest live set.
    """
    rows = []
    for state, tokens, interval, count in zip(states, items, intervals, counts, strict=True):
        live = np.flatnonzero(tokens)
        vectors = p["items"][tokens[live]]
        if config.interval != "none":
            vectors = vectors + p["intervals"][interval[live]]
        if config.counts:
            vectors = vectors + p["counts"][count[live]]
        before = vectors @ state
        if config.zeros:
            absent = torch.zeros(max(largest - len(live), 0), config.dimensions)
            vectors = torch.cat([vectors, absent])
        scores = vectors @ state
        best = scores.topk(min(config.top, len(scores))).indices
        seen = vectors[best][None]
        for number in range(config.context_blocks):
            seen = naive_block(p, config, f"context.{number}", seen)
        inside = naive_norm(p, "context.norm", seen)[0] @ state
        base = torch.zeros_like(scores) if config.zeros else before
        line = torch.full((items.shape[1],), -torch.inf)
        rows.append(
            line.index_copy(
                0, torch.from_numpy(live), base.index_copy(0, best, inside)[: len(live)]
            )
        )
    return torch.stack(rows)


def naive_norm(p: dict[str, Any], name: str, x: Any) -> Any:  # noqa: ANN401
    """Layer normalisation."""
    weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
    return functional.layer_norm(x, x.shape[-1:], weight, bias, 1e-8)


def naive_states(p: dict[str, Any], config: LiverecConfig, tokens: Positions) -> Any:  # noqa: ANN401
    """State at each place of a sequence that fills the window, padding attended to, (length, d)."""
    shown = torch.from_numpy(tokens > 0)[None, :, None]
    x = (p["items"][tokens][None] * config.dimensions**0.5 + p["positions"]) * shown
    for number in range(config.blocks):
        x = naive_block(p, config, f"encoder.{number}", x, causal=True) * shown
    return naive_norm(p, "encoder.norm", x)[0]


def naive_block(  # a block's parameters, and what goes through it
    p: dict[str, Any],
    config: LiverecConfig,
    name: str,
    x: Any,  # noqa: ANN401
    *,
    causal: bool = False,
) -> Any:  # noqa: ANN401
    """PyTorch's own attention of (1, length, d); nothing is hidden, but the future if `causal`."""
    query = naive_norm(p, f"{name}.before", x)
    weights = [p[f"{name}.{part}.weight"] for part in ("query", "key", "value")]
    biases = [p[f"{name}.{part}.bias"] for part in ("query", "key", "value")]
    heads = []
    for source, weight, bias in zip((query, x, x), weights, biases, strict=True):
        made = functional.linear(source, weight, bias)
        heads.append(made.view(len(x), x.shape[1], config.heads, -1).transpose(1, 2))
    query_heads, keys, values = heads
    mixed = functional.scaled_dot_product_attention(query_heads, keys, values, is_causal=causal)
    mixed = mixed.transpose(1, 2).reshape(x.shape)
    x = query + functional.linear(mixed, p[f"{name}.out.weight"], p[f"{name}.out.bias"])
    x = naive_norm(p, f"{name}.after", x)
    inner = functional.linear(x, p[f"{name}.inner.weight"], p[f"{name}.inner.bias"]).relu()
    return x + functional.linear(inner, p[f"{name}.outer.weight"], p[f"{name}.outer.bias"])
