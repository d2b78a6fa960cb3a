"""Real PostgreSQL and Valkey out of pip wheels, and the running of processes; for development and tests."""
