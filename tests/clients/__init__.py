"""docs/clients: its programs are run, its snippets read."""
