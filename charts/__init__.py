"""Pictures: pure functions of the engine's results, drawn with matplotlib's Figure (never pyplot)."""
