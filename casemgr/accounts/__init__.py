"""Accounts and authentication: credentials, sessions, logins, tokens, throttling."""
