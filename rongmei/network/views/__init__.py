"""Pages of the network room, by subject."""
