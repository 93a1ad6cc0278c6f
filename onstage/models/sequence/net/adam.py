"""Adam, with the choice of leaving untouched item vectors alone."""

import torch
from torch import Tensor

from onstage.models.sequence.net.parameters import PINNED, Parameters


BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam:
    """Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    The penalty is added to the gradient, as PyTorch's Adam does. Rows left out of a lazy step keep
    their moments, as in PyTorch's SparseAdam.
    """

    def __init__(self, parameters: Parameters, rate: float, decay: float) -> None:
        self.parameters = parameters
        self.rate = rate
        self.decay = decay
        self.steps = 0
        self.first = {name: torch.zeros_like(one) for name, one in parameters.items()}
        self.second = {name: torch.zeros_like(one) for name, one in parameters.items()}

    def step(self, gradients: dict[str, Tensor], lazy: dict[str, Tensor]) -> None:
        """Go one step down.

        Parameters
        ----------
        lazy
            Of a parameter that is to be updated in part: its rows, whose gradient is given.
        """
        self.steps += 1
        with torch.no_grad():
            whole = [name for name in gradients if name not in lazy]
            self._dense(whole, [gradients[name] for name in whole])
            for name, rows in lazy.items():
                tables = (self.parameters[name], self.first[name], self.second[name])
                parts = [table[rows] for table in tables]
                self._move([parts[0]], [gradients[name]], [parts[1]], [parts[2]])
                for table, part in zip(tables, parts, strict=True):
                    table[rows] = part
            for name in PINNED:
                if name in self.parameters:
                    self.parameters[name][0] = 0

    def _dense(self, names: list[str], gradients: list[Tensor]) -> None:
        self._move(
            [self.parameters[name] for name in names],
            gradients,
            [self.first[name] for name in names],
            [self.second[name] for name in names],
        )

    def _move(
        self,
        values: list[Tensor],
        gradients: list[Tensor],
        first: list[Tensor],
        second: list[Tensor],
    ) -> None:
        if self.decay:
            gradients = list(torch._foreach_add(gradients, values, alpha=self.decay))  # noqa: SLF001
        torch._foreach_lerp_(first, gradients, 1 - BETAS[0])
        torch._foreach_mul_(second, BETAS[1])
        torch._foreach_addcmul_(second, gradients, gradients, 1 - BETAS[1])
        roots = torch._foreach_sqrt(second)  # noqa: SLF001
        torch._foreach_div_(roots, (1 - BETAS[1] ** self.steps) ** 0.5)
        torch._foreach_add_(roots, EPSILON)
        torch._foreach_addcdiv_(values, first, roots, -self.rate / (1 - BETAS[0] ** self.steps))
