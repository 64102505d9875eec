"""Small MCP servers of ours that run as stdio children of a bridge. Each is a program of its own."""
