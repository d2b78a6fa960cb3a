"""`bitloot doctor`: what works, what does not, and what to do about it."""

from bitloot.cli.doctor.visit import command, examine

__all__ = ["command", "examine"]
