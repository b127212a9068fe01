"""Fault tests: a deployment whose parts fail, and whose clients are slow or too many."""
