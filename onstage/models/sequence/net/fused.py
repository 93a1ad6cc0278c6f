"""Attention and feed-forward with their gradients by hand.

PyTorch's own would keep and copy more: here activations are dropped in place, heads are told apart
once, and the scale of dropout is folded into the next product. ``test_models_liverec.py``
compares them with PyTorch's own.
"""

from typing import Any

import torch
from torch import Tensor


class Attention(torch.autograd.Function):  # type: ignore[misc,unused-ignore]
    """``dropout(softmax(q k' + extra)) v`` in several heads, from rows of (q, k, v)."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401  # torch's own
        rows: Tensor,
        heads: int,
        extra: Tensor,
        keep: Tensor | None,
        scale: float,
    ) -> Tensor:
        """Mix values.

        Parameters
        ----------
        rows : Tensor of float32, shape (n, length, 3 d)
            Query, key and value of each place; the query already scaled.
        extra : Tensor of float32, shape (n * heads, 1 or length, length)
            Added to the logits.
        keep : Tensor of float32, shape (n * heads, length, length), or None
            0 for weights that are dropped; `scale` makes up for them.

        Returns
        -------
        Tensor of float32, shape (n, length, d)
        """
        n, length, width = rows.shape
        parts = rows.view(n, length, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts.reshape(3, n * heads, length, -1)
        weights = torch.softmax(torch.baddbmm(extra, q, k.transpose(1, 2)), dim=-1)
        kept = weights if keep is None else weights * keep
        ctx.save_for_backward(q, k, v, weights, kept, keep)
        ctx.scale, ctx.heads = scale, heads
        mixed = torch.bmm(kept, v).view(n, heads, length, -1).transpose(1, 2)
        return mixed.reshape(n, length, -1).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Gradient of the rows."""
        q, k, v, weights, kept, keep = ctx.saved_tensors
        n, length, d = gradients[0].shape
        heads, width = ctx.heads, d // ctx.heads
        pulled = gradients[0].view(n, length, heads, width).transpose(1, 2)
        pulled = pulled.reshape(n * heads, length, width) * ctx.scale
        found = q.new_empty(n, length, 3, heads, width)
        into = found.permute(2, 0, 3, 1, 4)
        into[2].copy_(torch.bmm(kept.transpose(1, 2), pulled).view(n, heads, length, width))
        inner = torch.bmm(pulled, v.transpose(1, 2))
        if keep is not None:
            inner.mul_(keep)
        inner = torch.ops.aten._softmax_backward_data(inner, weights, -1, weights.dtype)  # noqa: SLF001
        into[0].copy_(torch.bmm(inner, k).view(n, heads, length, width))
        into[1].copy_(torch.bmm(inner.transpose(1, 2), q).view(n, heads, length, width))
        return found.view(n, length, 3 * d), None, None, None, None


class FeedForward(torch.autograd.Function):  # type: ignore[misc,unused-ignore]
    """``x + dropout(W2 relu(dropout(W1 x + b1)) + b2)`` of (n, d)."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917  # what two layers have
        ctx: Any,  # noqa: ANN401  # torch's own
        x: Tensor,
        inner: Tensor,
        inner_bias: Tensor,
        outer: Tensor,
        outer_bias: Tensor,
        keeps: tuple[Tensor | None, Tensor | None],
        scale: float,
    ) -> Tensor:
        """Apply both layers; `keeps` weigh what stays, `scale` makes up for the rest."""
        hidden = torch.addmm(inner_bias, x, inner.T).relu_()
        if keeps[0] is not None:
            hidden.mul_(keeps[0])
        out = torch.addmm(outer_bias, hidden, outer.T, alpha=scale)
        if keeps[1] is not None:
            out.mul_(keeps[1])
        ctx.save_for_backward(x, inner, outer, hidden, *keeps)
        ctx.scale = scale
        return torch.add(x, out, alpha=scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Gradients of the input, the weights and the biases."""
        x, inner, outer, hidden, early, keep = ctx.saved_tensors
        pulled = gradients[0] * ctx.scale
        if keep is not None:
            pulled.mul_(keep)
        back = torch.mm(pulled, outer).mul_(ctx.scale)
        back = torch.ops.aten.threshold_backward(back, hidden, 0.0)
        if early is not None:
            back.mul_(early)
        of_outer = torch.mm(pulled.T, hidden).mul_(ctx.scale)
        of_x = torch.addmm(gradients[0], back, inner)
        return of_x, torch.mm(back.T, x), back.sum(0), of_outer, pulled.sum(0), None, None
