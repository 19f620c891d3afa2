"""Tables and the two doors to the database; no decisions."""
