"""Fault tests: two nodes behind HAProxy, PostgreSQL with a replica, and parts of them fail under load."""
