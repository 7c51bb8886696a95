"""Discord: interactions in, messages with the picture, words and buttons out. It translates, and decides nothing."""
