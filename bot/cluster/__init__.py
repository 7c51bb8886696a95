"""Heavy work done by worker processes on any machine, through PostgreSQL. Nothing here is imported unless it is set."""
