"""Packages that only an extra brings."""

from importlib import import_module

from onstage.errors import ConfigError


def need(module: str, message: str) -> None:
    """Refuse to go on without a package.

    Raises
    ------
    ConfigError
        `message`, which says what to install.
    """
    try:
        import_module(module)
    except ImportError as error:
        raise ConfigError(message) from error
