"""Passerelle on more than one machine (docs/scaling.md): container files, and the same without containers on loopback."""
