"""A map's style in real QGIS, to be looked at: python3 -m tests.in_qgis FOLDER STYLE_ADDRESS

By the Python that has QGIS' bindings (Debian: python3-qgis; nothing else is needed), and a style of a running
server: http://127.0.0.1:8081/style.json?session=ID&only=mapsrv:ground. It writes a picture of each place
of PLACES, and says, with exit status 1, what QGIS could not convert; a font that is not there it replaces.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (  # noqa: E402  the platform comes first
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDataSourceUri,
    QgsMapBoxGlStyleConverter,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402

GROUND = "mapsrv:ground"
FONT = "Referenced font"  # how QGIS begins to tell of one that is not there
# Longitude, latitude and zoom, as in tests/bench/ground.py: its pictures are to be compared.
PLACES = {
    "world": (10, 25, 1.2),
    "europe": (12, 50, 4),
    "swiss": (8.2, 46.8, 7),
    "great-lakes": (-84, 44.5, 5.5),
}
WIDTH, HEIGHT = 1280, 800
AROUND = 2 * 20_037_508.34  # metres of the equator, by EPSG:3857
SIDE = 512  # pixels of the world at zoom 0


def opened(style: dict[str, Any], address: str) -> QgsVectorTileLayer:
    """Return the layer that the dialog makes of these addresses and zooms."""
    source, uri = style["sources"][GROUND], QgsDataSourceUri()
    zooms = {"zmin": str(source["minzoom"]), "zmax": str(source["maxzoom"])}
    for key, value in {"type": "xyz", "url": source["tiles"][0], "styleUrl": address, **zooms}.items():
        uri.setParam(key, value)
    layer = QgsVectorTileLayer(bytes(uri.encodedUri()).decode(), style["name"])
    said, well = layer.loadDefaultStyle()
    assert layer.isValid() and well, said
    return layer


def shoot(layer: QgsVectorTileLayer, place: tuple[float, float, float], file: Path) -> None:
    """Write what QGIS draws there, as large as the page would."""
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    lng, lat, zoom = place
    center = QgsCoordinateTransform(degrees, mercator, QgsProject.instance()).transform(QgsPointXY(lng, lat))
    pixel = AROUND / SIDE / 2**zoom
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(mercator)
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setExtent(QgsRectangle.fromCenterAndSize(center, WIDTH * pixel, HEIGHT * pixel))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(file))


def main(folder: Path, address: str) -> int:
    """Take all pictures; return how it went."""
    app = QgsApplication([], False)
    app.initQgis()
    with urlopen(address) as answer:
        style = json.load(answer)
    converter = QgsMapBoxGlStyleConverter()
    converter.convert(style)
    lost = sorted({said for said in converter.warnings() if FONT not in said})
    print(f"QGIS {Qgis.QGIS_VERSION} does not convert:", *lost or ["nothing that it knows of"], sep="\n  ")
    folder.mkdir(parents=True, exist_ok=True)
    layer = opened(style, address)
    for name, place in PLACES.items():
        shoot(layer, place, folder / f"{name}-qgis.png")
    sys.stdout.flush()
    os._exit(1 if lost else 0)  # its own end, after bindings have taken copies, may crash


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
