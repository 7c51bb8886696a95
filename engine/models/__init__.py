"""Liquidation models: one file each, one registry."""
