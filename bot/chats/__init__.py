"""Chats: each translates between its platform and the assistant."""
