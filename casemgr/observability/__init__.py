"""The request context, the log and the metrics."""
