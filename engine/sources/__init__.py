"""Where markets come from: one small Protocol, one adapter a file."""
