"""Scheduled reports: when, what, and how it is said."""
