"""The directory is edited one sheet at a time, under one lock, with its whole history kept."""
