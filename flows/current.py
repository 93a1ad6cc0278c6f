"""The newest accepted log, for commands that ask instead of ordering work."""

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace


def current(workspace: Workspace) -> Reference:
    """Ingest and validate as a flow would, without Prefect: at once where both were done.

    Raises
    ------
    onstage.errors.ValidationError
        If the newest log may not be used.
    """
    from expectations.step import judge, validated
    from onstage.pipeline.ingestion import ingested

    source = ingested(workspace)
    made = validated(workspace, source)
    judge(workspace, source, made)
    return made
