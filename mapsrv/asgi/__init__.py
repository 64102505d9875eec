"""What every ASGI application of ours shares: messages, the check of origins, the body of an error."""
