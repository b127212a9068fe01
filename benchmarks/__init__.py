"""Benchmarks; docs/performance.md explains and shows the figures."""
