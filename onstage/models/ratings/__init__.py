"""Models of explicit ratings: fitted by Surprise, scored from what it learned by array products."""
