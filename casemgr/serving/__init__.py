"""What gunicorn needs to serve the application: its settings and its worker."""
