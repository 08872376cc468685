"""Training of Drupelet. Needs the `train` extra; nothing that serves imports this package."""
