"""The attacks on the first release, run anew."""
