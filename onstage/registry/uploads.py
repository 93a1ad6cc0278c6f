"""A model's files, uploaded whole or not at all."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model


def upload(
    client: MlflowClient, run_id: str, name: str, folder: Path, tags: Mapping[str, str]
) -> LoggedModel:
    """Upload an MLflow model folder as an output of a run.

    Parameters
    ----------
    client
        Where to.
    run_id
        The run it is an output of.
    name
        Name of the logged model.
    folder
        Has an ``MLmodel`` file. Not modified.
    tags
        They identify the content: what an earlier, killed process uploaded completely under the
        same tags is returned; what it left unfinished is deleted.

    Returns
    -------
    LoggedModel
        Ready.
    """
    experiment = client.get_run(run_id).info.experiment_id
    for found in _uploaded(client, experiment, tags):
        if found.status == LoggedModelStatus.READY:
            return found
        client.delete_logged_model(found.model_id)
    model = client.create_logged_model(
        experiment, name=_model_name(name), source_run_id=run_id, tags=dict(tags)
    )
    client.log_model_artifacts(model.model_id, str(folder))
    _identify(client, run_id, model, folder)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def _uploaded(client: MlflowClient, experiment: str, tags: Mapping[str, str]) -> list[LoggedModel]:
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    return list(client.search_logged_models([experiment], filter_string=wanted))


def _identify(client: MlflowClient, run_id: str, model: LoggedModel, folder: Path) -> None:
    """Write the ids that MLflow gave into the uploaded ``MLmodel``."""
    description = Model.load(str(folder))
    description.run_id = run_id
    description.model_id = model.model_id
    description.artifact_path = model.artifact_location
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "MLmodel"
        description.save(str(file))
        client.log_model_artifact(model.model_id, str(file))


def _model_name(name: str) -> str:
    """`name` without the characters that MLflow refuses in names."""
    return "".join("-" if letter in "/:.%\"'" else letter for letter in name)
