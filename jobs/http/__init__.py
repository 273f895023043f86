"""What pages and API share: files over HTTP, request bodies, rate limits and error statuses."""
