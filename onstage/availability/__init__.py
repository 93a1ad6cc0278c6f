"""Which items can be recommended at an instant."""
