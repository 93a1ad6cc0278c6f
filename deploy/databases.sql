-- One database each: MLflow and Optuna keep their revision in a table of the same name.
CREATE DATABASE prefect;
CREATE DATABASE mlflow;
CREATE DATABASE studies;
