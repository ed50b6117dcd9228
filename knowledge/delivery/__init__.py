"""Messages of other channels, on their way in and out: never lost, and no answer written twice (docs/adr/0020)."""
