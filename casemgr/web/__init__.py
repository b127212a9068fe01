"""Flask: the application, a blueprint per resource, and the responses to errors."""
