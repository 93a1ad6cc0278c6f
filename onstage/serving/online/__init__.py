"""The champion behind HTTP: one process, several threads, swapped while it answers."""
