"""The world outside: mail, stored files, password hashing."""
