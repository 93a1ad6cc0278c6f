"""Features of users, items and pairs, fitted on training data only."""
