"""Our own public site as a channel."""
