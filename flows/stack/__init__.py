"""The whole stack on loopback without containers: PostgreSQL, Prefect, MLflow, a worker."""
