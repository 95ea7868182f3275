"""From a click to an event that is safe."""
