"""The relay: follows the journal over the database and tells each client what it may know (docs/relay.md)."""
