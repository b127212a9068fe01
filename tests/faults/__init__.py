"""A trial of faults: two nodes behind HAProxy, PostgreSQL with a replica, and a load while parts of it fail."""
