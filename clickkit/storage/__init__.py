"""Where events live until they are exported."""
