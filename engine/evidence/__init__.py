"""What speaks for and against a zone: one file an input, one signature."""
