"""Groups of users and items that behave alike."""
