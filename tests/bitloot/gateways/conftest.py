"""The gateways' tests may let `responses` answer."""

from tests.bitloot.over_requests import over_requests

__all__ = ["over_requests"]
