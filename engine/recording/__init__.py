"""Collecting without pause: markets, streams and positions of several symbols, kept in the history."""
