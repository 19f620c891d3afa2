"""Reads, checks and renders the course files; writes nothing under `courses/`."""
