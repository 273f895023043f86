"""Work that spans rows, files or the queue. Pages, API, admin and commands all call these."""
