"""`bramble demo`: the whole loop on real images, and a report of what came out."""

from services.cli.demo.command import app

__all__ = ["app"]
