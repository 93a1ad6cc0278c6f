"""Secrets that stand in Prefect's blocks: an environment variable names one, and gets its value."""

import os
import re
from typing import Final, cast

from flows.prefect_api import asked
from flows.running import configured
from onstage.errors import ConfigError


BLOCK: Final = re.compile(r"\$\{block:secret/([a-z0-9-]+)\}")
"""``${block:secret/NAME}``: the whole value of a variable."""


def reveal() -> None:
    """Put the values of secret blocks where environment variables name them.

    Raises
    ------
    ConfigError
        If a variable names a block that the Prefect server does not have, or in another way.
    OrchestrationError
        If the Prefect server does not answer, or does not take the credentials.
    """
    for variable, value in list(os.environ.items()):
        if "${block:" in value:
            os.environ[variable] = _secret(variable, value)


def _secret(variable: str, value: str) -> str:
    named = BLOCK.fullmatch(value)
    if named is None:
        message = (
            f"{variable}: a block is named as ${{block:secret/name}}, and by nothing beside it"
        )
        raise ConfigError(message)
    from prefect.blocks.system import Secret

    if configured():
        asked("/admin/version")
    try:
        secret = cast("Secret[str]", Secret.load(named[1]))
    except ValueError as error:
        message = (
            f"{variable}={value}: the Prefect server has no secret block {named[1]!r}; make it on "
            "its page Blocks, or give the variable its value"
        )
        raise ConfigError(message) from error
    return str(secret.get())
