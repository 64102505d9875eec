"""`mapsrv bridge`: any stdio MCP server as an HTTP service that stays up. It knows nothing of maps."""
