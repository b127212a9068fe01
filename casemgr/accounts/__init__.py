"""Who calls: credentials, sessions, logins, tokens, throttling."""
