"""The import of a dataset: from JSON Lines to database rows."""
