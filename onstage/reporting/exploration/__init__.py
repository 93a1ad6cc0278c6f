"""The page of an exploration, and its figures."""
