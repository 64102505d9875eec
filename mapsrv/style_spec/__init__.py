"""The Style Spec's own validator and expression engine (MapLibre's package), in child processes of ours."""

from mapsrv.style_spec.engine import Away, Engine, OverLimit, Sample, open_engine

__all__ = ["Away", "Engine", "OverLimit", "Sample", "open_engine"]
