"""Answering many people at once: questions in, finished answers out, computed and drawn in processes of their own."""
