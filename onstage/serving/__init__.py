"""A fitted model as files, and what answers requests with it."""
