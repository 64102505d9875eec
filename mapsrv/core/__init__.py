"""The pure heart: values, decisions and the session. No clock, randomness, I/O or third party."""
