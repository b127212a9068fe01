"""Plain values without I/O: cases, actors, attributes, IDs, instants, custom values."""
