"""Local stand-ins for NOWPayments, Kinguin (both dialects) and Resend, as their documents say they behave."""

from __future__ import annotations

from web.standins.catalog import CATALOG, catalog_rows
from web.standins.config import StandinsConfig, refusals
from web.standins.server import RunningStandins, start_standins

__all__ = ["CATALOG", "RunningStandins", "StandinsConfig", "catalog_rows", "refusals", "start_standins"]
