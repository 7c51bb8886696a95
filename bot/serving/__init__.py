"""The process that serves chats: its platforms kept running, watched, told about, and ended in order."""
