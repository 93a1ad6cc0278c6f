"""What is known, what is asked, and what happened next."""
