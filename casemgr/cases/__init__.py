"""These cases for this actor: the query, permissions, loading and sorting."""
