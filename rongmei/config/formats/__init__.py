"""Date formats of the interface: 24 hours, year first."""
