"""What the product costs, measured beside floors on the same machine: `python -m bench`."""
