"""wire/calls.py published over MCP, with results written for models."""
