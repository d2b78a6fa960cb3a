"""The `bitloot` command: the one place in this package that puts all the others together."""

from bitloot.cli.root import main

__all__ = ["main"]
