"""Automations: read from a file, and kept on the Prefect server by their names."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml
from pydantic import ValidationError

from flows.running import configured
from onstage.errors import ConfigError, OrchestrationError
from onstage.settings import explain


if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.schemas.automations import AutomationCore


FILE: Final = Path("deploy/automations.yaml")
BLOCK: Final = "onstage-webhook"
"""Name of the notification block that ``--webhook`` saves."""
WEBHOOK: Final = "webhook"
"""What the file calls it."""

Change = Literal["made", "changed", "unchanged"]


def read_automations(file: Path, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read the file, with ``${…}`` replaced by `words`.

    Raises
    ------
    ConfigError
        If there is no such file, or it is not a list of automations.
    """
    try:
        text = Template(file.read_text(encoding="utf-8")).substitute(words)
        found = yaml.safe_load(text)
    except OSError as error:
        message = f"{file}: {error.strerror}; run it in a clone of the project, or give --file"
        raise ConfigError(message) from error
    except (KeyError, ValueError, yaml.YAMLError) as error:
        message = f"{file}: not automations: {' '.join(str(error).split())}"
        raise ConfigError(message) from error
    automations = found.get("automations") if isinstance(found, dict) else None
    known = _mappings(file, automations, "automations")
    for one in known:
        _mappings(file, one.get("actions", []), f"actions of {one.get('name')}")
    return known


def _mappings(file: Path, found: object, what: str) -> list[dict[str, Any]]:
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    message = (
        f"{file}: {found!r:.60}: expected a list of mappings under {what}; see {FILE} as shipped"
    )
    raise ConfigError(message)


def keep_automations(
    file: Path, words: Mapping[str, str], webhook: str | None
) -> dict[str, Change]:
    """Make every automation of the file, or bring it up to date; safe to do twice.

    An automation is known by its name. Of several with one name, as ``prefect automation create``
    makes them, the first is kept. Notifications are left out while there is no block to send them.

    Parameters
    ----------
    webhook
        Where messages are posted; None leaves the block as it is.

    Returns
    -------
    dict
        Name to what was done.

    Raises
    ------
    ConfigError
        If the file cannot be used, or names a deployment that is not there.
    OrchestrationError
        If Prefect's settings name no server.
    """
    wanted = read_automations(file, words)
    if not configured():
        message = (
            "automations live on a Prefect server and none is set: start one (`onstage ui`), and "
            "export PREFECT_API_URL as it says"
        )
        raise OrchestrationError(message)
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        block = _block(client, webhook)
        resolved = [_resolved(client, file, one, block) for one in wanted]  # all, or none is kept
        return {one.name: _kept(client, one) for one in resolved}


def _block(client: "SyncPrefectClient", webhook: str | None) -> str | None:
    """Id of the notification block, saved first if there is an address; None without one."""
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.exceptions import ObjectNotFound

    if webhook is not None:
        block = CustomWebhookNotificationBlock(
            name="onstage", url=webhook, json_data={"text": "{{subject}}\n{{body}}"}
        )
        return str(block.save(BLOCK, overwrite=True))
    slug = CustomWebhookNotificationBlock.get_block_type_slug()
    try:
        return str(client.read_block_document_by_name(BLOCK, slug).id)
    except ObjectNotFound:
        return None


def _resolved(
    client: "SyncPrefectClient", file: Path, raw: Mapping[str, Any], block: str | None
) -> "AutomationCore":
    from prefect.events.schemas.automations import AutomationCore

    actions = [_action(client, file, one, block) for one in raw.get("actions", ())]
    kept = [one for one in actions if one is not None] or [{"type": "do-nothing"}]
    try:
        return AutomationCore.model_validate({**raw, "actions": kept})
    except ValidationError as error:
        raise ConfigError(explain(error, f"{file}: {raw.get('name')}")) from error


def _action(
    client: "SyncPrefectClient", file: Path, raw: Mapping[str, Any], block: str | None
) -> dict[str, Any] | None:
    """An action with ids for names; None for a notification that nobody can send."""
    from prefect.exceptions import ObjectNotFound

    action = dict(raw)
    if action.get("block") == WEBHOOK:
        del action["block"]
        return None if block is None else {**action, "block_document_id": block}
    name = action.pop("deployment", None)
    if name is None:
        return action
    try:
        deployment = client.read_deployment_by_name(str(name))
    except ObjectNotFound as error:
        message = (
            f"{file}: there is no deployment {name} on this server; run "
            "`prefect --no-prompt deploy --all`"
        )
        raise ConfigError(message) from error
    return {**action, "source": "selected", "deployment_id": str(deployment.id)}


def _kept(client: "SyncPrefectClient", wanted: "AutomationCore") -> Change:
    known = client.read_automations_by_name(wanted.name)
    if not known:
        client.create_automation(wanted)
        return "made"
    first, *more = known
    for other in more:
        client.delete_automation(other.id)
    if _plain(first) == _plain(wanted) and not more:
        return "unchanged"
    client.update_automation(first.id, wanted)
    return "changed"


def _plain(automation: "AutomationCore") -> dict[str, Any]:
    """What an automation is, without what the server adds; sets stay sets, which have no order."""
    from prefect.events.schemas.automations import AutomationCore

    fields = set(AutomationCore.model_fields) - {"owner_resource"}
    return automation.model_dump(include=fields)
