"""Schema changes, oldest first; run by `casemgr init-db`."""
