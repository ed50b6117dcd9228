"""Rasa custom actions: thin, one file a kind. They read slots, ask the knowledge base, and emit the
name of a response with ids; the wording is in ``bot/domain``."""
