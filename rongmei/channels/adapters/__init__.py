"""One folder for each kind of channel; adding one touches no other file."""
