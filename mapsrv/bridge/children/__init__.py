"""Stdio servers as processes: started, bounded, read, and ended with all that they started."""
