"""Decisions of the images service, without I/O of its own: what a file is, whether it may come in, and what its frames are."""
