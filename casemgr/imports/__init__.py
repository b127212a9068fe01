"""Imports: from the lines of a dataset to the rows of the database."""
