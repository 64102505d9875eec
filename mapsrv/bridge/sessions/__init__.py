"""Who talks to which child: sessions, what waits for their readers, and the seats they have at children."""
