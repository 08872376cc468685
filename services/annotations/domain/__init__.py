"""Decisions of the annotations service: pure functions over dataclasses, no I/O."""
