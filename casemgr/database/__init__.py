"""The engine, the tables, statements, replicas and migrations."""
