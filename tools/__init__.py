"""What developers run: ``make check``, ``make docs``. No site needs it."""
