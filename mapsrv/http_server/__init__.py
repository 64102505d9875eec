"""Where a server listens, and the connections that it has: HTTP below any application."""
