"""The error catalogue, and the wording of errors."""
