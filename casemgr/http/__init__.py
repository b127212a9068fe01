"""HTTP without Flask: negotiation, media types, header names, paths, limits, addresses."""
