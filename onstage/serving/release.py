"""From a bundle to a registered version, and from an alias back to a bundle."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onstage.registry.proposals import Proposal, bundle_in
from onstage.registry.versions import Registry, Version
from onstage.serving.bundle import Bundle, load_bundle
from onstage.serving.pyfunc import save_pyfunc


def release(  # noqa: PLR0913  # what, from where, under which name
    registry: Registry,
    name: str,
    run_id: str,
    bundle: Path,
    *,
    model: str,
    config: Mapping[str, Any],
    data_digest: str,
    metrics: Mapping[str, float] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Version:
    """Register a bundle's folder as a version of `name`; the second time, find it.

    Parameters
    ----------
    name
        Registered model.
    run_id
        Run it is an output of.
    bundle
        What :func:`onstage.serving.bundle.save_bundle` wrote.
    model, config, data_digest, metrics, tags
        See :class:`onstage.registry.versions.Proposal`.

    Raises
    ------
    StoreError
        If the bundle is damaged.
    TrackingError
        If the registry cannot be reached or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="onstage-") as scratch:
        folder = save_pyfunc(bundle, Path(scratch) / "model")
        proposal = Proposal(model, config, data_digest, folder, metrics or {}, tags or {})
        return registry.register(name, run_id, proposal)


def load_version(registry: Registry, version: Version, target: Path | None = None) -> Bundle:
    """Load a version's bundle.

    Parameters
    ----------
    target
        Existing folder that files from a remote store are fetched into; a temporary one that stays
        until the machine tidies up, by default. Files on this machine are used where they are.
    """
    return load_bundle(bundle_in(registry.download(version, target)))


def load_champion(registry: Registry, name: str) -> tuple[Version, Bundle] | None:
    """Load what is served under `name`; None while there is no champion."""
    champion = registry.champion(name)
    return None if champion is None else (champion, load_version(registry, champion))
