"""Locales, message catalogues and display values."""
