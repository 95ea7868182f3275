"""The live dashboard: what happens in the store while it happens."""
