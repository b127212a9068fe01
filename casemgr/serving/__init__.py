"""The settings and the worker with which gunicorn serves the application."""
