"""Decisions of the synthesis service: numpy and dataclasses, no I/O."""
