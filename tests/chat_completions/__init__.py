"""A language model on loopback: OpenAI's chat completions as a server speaks them, with answers that a test chooses."""
