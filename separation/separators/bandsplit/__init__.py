"""A small network of stemsite's own: drums, bass, other and vocals by masks."""
