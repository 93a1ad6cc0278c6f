"""From a user's sequence to the state at each place."""

import torch
from torch import Tensor
from torch.nn import functional

from onstage.models.sequence.config import LiverecConfig, LstmConfig, SequenceConfig
from onstage.models.sequence.net.blocks import attend, feed_forward, linear, norm, projected
from onstage.models.sequence.net.noise import Noise
from onstage.models.sequence.net.parameters import Parameters


def encode(
    p: Parameters, config: SequenceConfig, rows: Tensor, there: Tensor, noise: Noise
) -> Tensor:
    """State at each place, knowing this place and what is left of it.

    Parameters
    ----------
    rows : Tensor of float32, shape (n, length, d)
        Item vectors.
    there : Tensor of bool, shape (n, length)
        False on padding.

    Returns
    -------
    Tensor of float32, shape (n, length, d)
    """
    if isinstance(config, LstmConfig):
        return _recurrent(p, rows, there, noise)
    return _attentive(p, config, rows, there, noise)


def _attentive(
    p: Parameters, config: SequenceConfig, rows: Tensor, there: Tensor, noise: Noise
) -> Tensor:
    seen = isinstance(config, LiverecConfig) and config.zeros  # padding: zero vectors, attended to
    pad = config.window - rows.shape[1] if seen else 0
    rows, there = functional.pad(rows, (0, 0, pad, 0)), functional.pad(there, (pad, 0))
    _, length, d = rows.shape
    heads: int = config.heads  # type: ignore[attr-defined]
    shown = there[:, :, None].to(rows.dtype)
    x = noise(rows * d**0.5 + p["positions"][-length:]) * shown
    place = torch.arange(length, device=rows.device)
    known = there[:, None, :] | seen
    visible = (place[:, None] >= place) & known | (place[:, None] == place)
    extra = torch.zeros(visible.shape, device=rows.device).masked_fill(~visible, -torch.inf)
    for number in range(config.blocks):  # type: ignore[attr-defined]
        name = f"encoder.{number}"
        query = norm(p, f"{name}.before", x)
        found = projected(p, name, query, x, heads)
        x = query + linear(p, f"{name}.out", attend(found, heads, extra, noise))
        x = feed_forward(p, name, norm(p, f"{name}.after", x), noise) * shown
    return norm(p, "encoder.norm", x[:, pad:])


def _recurrent(p: Parameters, rows: Tensor, there: Tensor, noise: Noise) -> Tensor:
    """One layer; padding is moved behind the sequence, where it cannot be felt."""
    n, length, d = rows.shape
    pad = (~there).sum(dim=1, keepdim=True)
    place = torch.arange(length, device=rows.device)
    forth = (place + pad).remainder(length)[:, :, None].expand(-1, -1, d)
    back = (place - pad).remainder(length)[:, :, None].expand(-1, -1, d)
    x = noise(rows.gather(1, forth))
    nothing = torch.zeros(1, n, d, device=rows.device)
    weights = [p[f"lstm.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    switches = {"has_biases": True, "train": False, "bidirectional": False, "batch_first": True}
    start = (nothing, nothing)
    out, _, _ = torch.lstm(x, start, weights, num_layers=1, dropout=0.0, **switches)
    return noise(out).gather(1, back) @ p["lstm.output"].T
