"""Formats of other systems, read into and written from domain values."""
