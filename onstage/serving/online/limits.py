"""How much the service takes on at once."""

from typing import Final

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt


MOST_K: Final = 1000
"""Longest list."""
MOST_USERS: Final = 256
"""Users in one request."""
MOST_ITEMS: Final = 20_000
"""Items in one list of who is live."""
MOST_ROWS: Final = 1000
"""Interactions in one request."""


class Limits(BaseModel):
    """What differs between machines; what a request may hold is the same everywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    threads: PositiveInt = 2
    """Requests answered at once; BLAS has one thread in each."""
    waiting: NonNegativeInt = 64
    """Requests that may wait for a thread; the next one is refused with 503."""
    timeout_seconds: PositiveFloat = 10.0
    """A request that takes longer, waiting included, is answered with 503; also the time in which
    a body must arrive (408)."""
    rate: PositiveFloat | None = None
    """Requests a second of one client (an IPv4 address, or the first 64 bits of an IPv6 one); more
    are refused with 429. No limit by default."""
    body_bytes: PositiveInt = 1 << 20
    """A larger body is refused with 413."""
    poll_seconds: PositiveFloat = 5.0
    """Between two looks at the registry."""
    settle_seconds: PositiveFloat = 1.0
    """How long a post of interactions waits for a model that looks at everybody to count them."""
    kept_rows: PositiveInt = 100_000
    """Posted interactions that are kept, the newest ones."""
    kept_items: PositiveInt = 200_000
    """Items whose posted live state is kept; more are refused."""
