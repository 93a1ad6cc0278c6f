"""How often one client may ask."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final


MOST_CLIENTS: Final = 10_000
"""Clients that are remembered; the one that asked longest ago is forgotten first."""
_ROUNDING: Final = 1e-6
"""Seconds by which a sum of intervals may be off: three thirds of a second are no late second."""
_SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that name a subscriber, who may choose the rest at will."""


class Rates:
    """The generic cell rate algorithm (ITU-T I.371): a leaky bucket a client, of one number each.

    Parameters
    ----------
    per_second
        Requests of one client in the long run. As many, and at least one, may come at once.
    clock
        Seconds, never going backwards.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._slack = max(1.0, per_second) * self._interval - self._interval
        self._clock = clock
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str) -> float:
        """Count a request; or say in how many seconds the client may ask again, and do not.

        Returns
        -------
        float
            0 where the request may be answered.
        """
        client, now = _client(address), self._clock()
        due = max(self._due.get(client, now), now)
        if (wait := due - now - self._slack) > _ROUNDING:
            return wait
        self._due[client] = due + self._interval
        self._due.move_to_end(client)
        if len(self._due) > MOST_CLIENTS:
            self._due.popitem(last=False)
        return 0.0


def _client(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found), _SUBSCRIBER), strict=False))
