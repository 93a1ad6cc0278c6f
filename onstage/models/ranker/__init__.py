"""A gradient-boosted ranker of who is live, from what was known just before."""
