"""Composes the services into one process. The only package that imports several of them."""
