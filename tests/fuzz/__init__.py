"""Schemathesis against the running service: no request, however odd, gets an answer outside the description."""
