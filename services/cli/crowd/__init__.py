"""`bramble crowd`: simulated volunteers, seeded, for demos, load tests and planning a campaign."""

from services.cli.crowd.command import app

__all__ = ["app"]
