"""HTTP for people and their pages: the routes of one Quart application."""
