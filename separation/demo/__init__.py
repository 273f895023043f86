"""A song that the project makes itself, so that its true stems are known."""
