"""How much the assistant is used and for what, counted without anybody's words or traces (docs/adr/0011)."""
