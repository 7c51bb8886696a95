"""What was published, kept and graded: the track record."""
