"""What outlives the process: one database, SQLite in a file or PostgreSQL, by the same code and migrations."""
