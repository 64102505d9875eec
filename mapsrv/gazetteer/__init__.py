"""Places that are known without asking anybody: cities, countries, US states; read at need."""

from mapsrv.gazetteer.gazetteer import NOWHERE, Gazetteer

__all__ = ["NOWHERE", "Gazetteer"]
