"""What MLflow runs when it loads a served model; nothing in ``onstage`` imports it."""

from mlflow.models import set_model

from onstage.serving.pyfunc import ServedRecommender


set_model(ServedRecommender())
