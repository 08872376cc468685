"""Pixels, masks and their figures: pure numpy, no I/O, usable from any service and from a notebook."""
