"""The import of a dataset, from JSON Lines to database rows, and the export back."""
