"""What changes the world: each act previewed, bounded in time, read back and recorded."""
