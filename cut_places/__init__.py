"""What mapsrv knows of places, cut at build time: by setup.py, or `python -m cut_places`."""
