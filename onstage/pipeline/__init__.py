"""The steps of a retrain as functions of references: what tasks call, without an orchestrator."""
