"""A fit as something that can be put down after any epoch, and taken up again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions
from onstage.models.sequence.config import SequenceConfig
from onstage.models.sequence.engine import device_of, threads_of
from onstage.models.sequence.live import LiveSets
from onstage.models.sequence.net.parameters import arrays, initial, tensors
from onstage.models.sequence.net.trainer import Trainer
from onstage.models.sequence.net.work import Network
from onstage.models.sequence.repeats import Repeats
from onstage.models.sequence.windows import Windows


class Fitting:
    """Network, optimizer and random state of one pass over the epochs."""

    def __init__(
        self,
        config: SequenceConfig,
        dataset: Dataset,
        windows: Windows,
        rng: np.random.Generator,
        options: FitOptions,
    ) -> None:
        live = LiveSets.at(options.availability, dataset.n_items, windows.times)
        start = initial(config, dataset.n_items, rng)
        self.rng = rng
        self.threads = threads_of(options.threads)
        self.network = Network(
            config,
            tensors(start, device_of(options.device)),
            Repeats.on(dataset.clock, config.interval),
            live.largest,
        )
        self.trainer = Trainer(self.network, windows, live)

    def epoch(self) -> float:
        """Learn from all windows once; the mean loss a target."""
        return self.trainer.epoch(self.rng, self.threads)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
        """All that decides what comes next: plain JSON, and arrays."""
        adam = self.trainer.adam
        parts = {"parameter": self.network.parameters, "first": adam.first, "second": adam.second}
        values = {
            f"{part}.{name}": one
            for part, named in parts.items()
            for name, one in arrays(named).items()
        }
        return {"random": self.rng.bit_generator.state, "steps": adam.steps}, values

    def take_up(self, head: Mapping[str, Any], values: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on where :meth:`state` was taken."""
        adam = self.trainer.adam
        parts = {"parameter": self.network.parameters, "first": adam.first, "second": adam.second}
        for part, named in parts.items():
            for name, one in named.items():
                one.data.copy_(torch.from_numpy(values[f"{part}.{name}"]))
        adam.steps = int(head["steps"])
        self.rng.bit_generator.state = head["random"]


def rebuilt(
    config: SequenceConfig,
    dataset: Dataset,
    values: Mapping[str, NDArray[np.float32]],
    largest: int,
) -> Network:
    """The network of a model that was saved."""
    named = tensors(dict(values), "cpu")
    return Network(config, named, Repeats.on(dataset.clock, config.interval), largest)
