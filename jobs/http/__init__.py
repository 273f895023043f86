"""Files over HTTP: ranges, ZIP archives and the refusals of a download; pages and API share it."""
