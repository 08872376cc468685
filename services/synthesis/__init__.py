"""Synthesis: generator training, synthetic images, datasets and studies."""
