"""How well ratings models estimate: folds, errors, and seconds out of logarithms."""
