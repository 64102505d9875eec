"""Who has a map open, on this pod and on others: latest values, never stored."""
