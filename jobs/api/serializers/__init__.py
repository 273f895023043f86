"""What goes in and what comes out; the two never share a class."""
