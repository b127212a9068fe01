"""Fuzz tests: Schemathesis checks that every response of the running service matches the description of the API."""
