"""One page, one function, a fixed number of statements; reads only."""
