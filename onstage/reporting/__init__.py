"""Tables, plots and pages a person reads."""
