"""The tools of wire/tools/ published over MCP, with results written for models."""
