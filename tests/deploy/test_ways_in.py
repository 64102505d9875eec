"""How people, autoscalers and Prometheus come to the pods: routes, annotations and names that must meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mapsrv.config import parse
from mapsrv.local import PATH as LOCAL
from mapsrv.server.dispatch import PROBES
from mapsrv.transports.endpoints import PATHS
from mapsrv.web.routes import ROUTES
from tests.deploy.kit.kustomize import container, one

# Kept from outside: what machines inside of the cluster ask, and what only this machine's own programs use.
INSIDE = (PROBES | {LOCAL}) - {"/health"}


def gateway_paths() -> list[tuple[str, str]]:
    rules = one(("gateway",), "HTTPRoute")["spec"]["rules"]
    assert all(len(rule["matches"]) <= 8 and rule["timeouts"] == {"request": "0s"} for rule in rules)
    return [(match["path"]["type"], match["path"]["value"]) for rule in rules for match in rule["matches"]]


def ingress_paths() -> list[tuple[str, str]]:
    [rule] = one(("ingress-nginx",), "Ingress")["spec"]["rules"]
    return [(path["pathType"], path["path"]) for path in rule["http"]["paths"]]


def routes() -> Iterator[str]:
    """What is to be routed; what lies beneath another, as /state/near, goes with that."""
    paths = {*(route.path.partition("/<")[0] for route in ROUTES), *PATHS}
    yield from (path for path in paths if path.rpartition("/")[0] not in paths)


@pytest.mark.parametrize("paths", [gateway_paths, ingress_paths])
def test_all_that_people_use_is_routed_and_what_machines_ask_is_not(paths: Any) -> None:
    found = paths()
    assert ("Exact", "/") in found
    prefixes = {path for kind, path in found if kind != "Exact"}
    assert prefixes == set(routes()) - INSIDE - {"/"}
    assert not any(path == prefix or path.startswith(f"{prefix}/") for path in INSIDE for prefix in prefixes)


def test_plain_http_is_sent_on_to_https() -> None:
    to_https = one(("gateway",), "HTTPRoute", "mapsrv-to-https")["spec"]
    assert to_https["parentRefs"] == [{"name": "mapsrv", "sectionName": "http"}]
    [[filter]] = [rule["filters"] for rule in to_https["rules"]]
    assert filter["requestRedirect"] == {"scheme": "https", "statusCode": 301}


def test_proxies_neither_hold_events_back_nor_cut_them_nor_refuse_what_mapsrv_takes() -> None:
    said = one(("ingress-nginx",), "Ingress")["metadata"]["annotations"]
    assert said["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert said["nginx.org/proxy-buffering"] == "False"
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert said[f"nginx.ingress.kubernetes.io/{name}"] == "3600" and said[f"nginx.org/{name}"] == "3600s"
    for name in ("nginx.ingress.kubernetes.io/proxy-body-size", "nginx.org/client-max-body-size"):
        assert int(said[name].removesuffix("m")) * 2**20 > parse(["serve"], {}).max_data


# --- the others ----------------------------------------------------------------------------------------


def test_the_autoscaler_alone_says_how_many() -> None:
    assert "replicas" not in one(("autoscale",), "Deployment")["spec"]
    spec = one(("autoscale",), "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    assert spec["scaleTargetRef"]["name"] == one(("autoscale",), "Deployment")["metadata"]["name"]
    down = spec["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == 600
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_prometheus_finds_the_pods_either_way() -> None:
    monitor, service = one(("monitoring",), "ServiceMonitor"), one(("monitoring",), "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
    said = one(("monitoring",), "Deployment")["spec"]["template"]["metadata"]["annotations"]
    [port] = container(("monitoring",))["ports"]
    assert (said["prometheus.io/port"], said["prometheus.io/path"]) == (
        str(port["containerPort"]),
        "/metrics",
    )
