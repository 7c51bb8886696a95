"""Alerts: what is watched, when it fires, and how it is said."""
