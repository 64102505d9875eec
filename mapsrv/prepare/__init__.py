"""All of a command that waits or takes long, done before anything is decided."""
