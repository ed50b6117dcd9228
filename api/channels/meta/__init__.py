"""Messenger and WhatsApp, by Meta's Graph API (docs/adr/0022-graph-api.md)."""
