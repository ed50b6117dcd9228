"""Faults made for real under load, on servers of their own: ``python -m tests.soak.faults`` runs all and prints the table."""
