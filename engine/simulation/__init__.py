"""A seeded agent-based perpetual market whose true liquidation map is known."""
