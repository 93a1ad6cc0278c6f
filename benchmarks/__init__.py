"""Every speed and quality figure that the project quotes, each one command."""
