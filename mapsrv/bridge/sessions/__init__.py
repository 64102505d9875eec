"""Who talks to which child: servers as they are served, their clients' sessions, and ports at children."""
