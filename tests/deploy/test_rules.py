"""Our own rules over what is rendered: what no schema knows, and what costs a night when it is wrong."""

from __future__ import annotations

import re

import pytest

from mapsrv import __version__
from mapsrv.config import options, parse
from mapsrv.web.streams import MAX_STREAMS
from tests.deploy.kit.kustomize import (
    ALONE,
    K8S,
    ROOT,
    Components,
    container,
    documents,
    name_of,
    one,
    parsed,
)
from tests.deploy.kit.reading import containers, size, variables, workloads

EVERY = pytest.mark.parametrize("components", ALONE, ids=name_of)
VARIABLES = {option.env for option in options()}


@EVERY
def test_images_are_pinned_by_a_tag(components: Components) -> None:
    images = [pod["image"] for work in workloads(components) for pod in containers(work)]
    pinned = re.compile(r"[^:@]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
    assert images and all(pinned.fullmatch(image) for image in images)


def test_the_image_is_of_this_release() -> None:
    assert container(())["image"] == f"mapsrv:{__version__}"


@EVERY
def test_every_setting_is_one_that_mapsrv_knows_and_takes(components: Components) -> None:
    found = variables(components)
    ours = {name for name in found if name.startswith("MAPSRV_")}
    assert ours <= VARIABLES
    config = parse(container(components)["args"], found)
    [port] = container(components)["ports"]
    assert (config.command, config.host, config.open) == ("serve", "0.0.0.0", False)
    assert config.port == port["containerPort"]
    kind = "redis+sentinel" if "sentinel" in components else "redis"
    assert config.store.partition("://")[0] == kind and "$(" not in config.store


def test_the_image_is_one_that_takes_these_arguments_at_this_port() -> None:
    text = (ROOT / "Dockerfile").read_text()
    [port] = container(())["ports"]
    assert re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE) == ['["mapsrv"]']
    assert re.findall(r"^EXPOSE (.+)$", text, re.MULTILINE) == [str(port["containerPort"])]


def test_only_what_differs_from_the_default_is_set() -> None:
    bare = parse(["serve", "--store", "redis://h"], {})
    for name, value in one((), "ConfigMap")["data"].items():
        [option] = [each for each in options() if each.env == name]
        told = parse(["serve", "--store", "redis://h"], {name: value})
        assert getattr(told, option.field) != getattr(bare, option.field), f"{name} is as it is anyway"


def test_kubernetes_own_variable_is_not_made_and_would_be_passed_over() -> None:
    assert one((), "Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False
    assert parse(["serve"], {"MAPSRV_PORT": "tcp://10.96.0.12:80"}).port == 8081


@EVERY
def test_secrets_are_named_and_written_nowhere_else(components: Components) -> None:
    secrets = [each for each in documents(components) if each["kind"] == "Secret"]
    known = {(each["metadata"]["name"], key) for each in secrets for key in each["data"]}
    asked = {
        (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for work in workloads(components)
        for pod in containers(work)
        for entry in pod["env"]
        if "valueFrom" in entry
    }
    assert asked and asked <= known
    rest = [each for each in documents(components) if each["kind"] != "Secret"]
    assert "only-to-try" not in str(rest)


@EVERY
def test_selectors_meet_what_they_are_for(components: Components) -> None:
    found = documents(components)
    pods = {work["metadata"]["name"]: work["spec"]["template"] for work in workloads(components)}
    for work in workloads(components):
        labels = work["spec"]["template"]["metadata"]["labels"]
        assert work["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for service in (each for each in found if each["kind"] == "Service"):
        pod = pods[service["metadata"]["name"]]
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        names = {port["name"] for each in pod["spec"]["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
    for each in found:
        if each["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            selector = each["spec"].get("selector", each["spec"].get("podSelector"))["matchLabels"]
            name = each["metadata"]["name"]
            if name in pods:
                labels = {other: pods[other]["metadata"]["labels"].items() for other in pods}
                assert [other for other in pods if selector.items() <= labels[other]] == [name]


def test_redis_hears_mapsrv_alone_and_mapsrv_may_reach_it() -> None:
    redis, ours = (one((), "NetworkPolicy", name)["spec"] for name in ("redis", "mapsrv"))
    assert redis["policyTypes"] == ["Ingress", "Egress"] and "egress" not in redis
    [rule] = redis["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "mapsrv"}}}]
    to = ours["egress"][0]["to"]
    assert to == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "redis"}}}]
    ports = {(rule["protocol"], rule["port"]) for each in ours["egress"] for rule in each["ports"]}
    assert ports == {("TCP", 6379), ("UDP", 53), ("TCP", 53)}


@EVERY
def test_a_pod_has_no_more_rights_than_it_needs(components: Components) -> None:
    for work in workloads(components):
        spec = work["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        pod = spec["securityContext"]
        assert (
            pod["runAsNonRoot"] and pod["runAsUser"] and pod["seccompProfile"] == {"type": "RuntimeDefault"}
        )
        for each in spec["containers"]:
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert each["resources"].keys() == {"requests", "limits"}
    user = re.search(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    pod = one((), "Deployment")["spec"]["template"]["spec"]
    assert user and pod["securityContext"]["runAsUser"] == int(user[1])


def test_one_pod_stays_whatever_is_drained_or_rolled() -> None:
    replicas = one((), "Deployment")["spec"]["replicas"]
    assert replicas - one((), "PodDisruptionBudget")["spec"]["maxUnavailable"] >= 1
    assert one((), "Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_a_pod_that_leaves_has_as_long_as_the_docs_say() -> None:
    spec = one((), "Deployment")["spec"]["template"]["spec"]
    page = (ROOT / "docs" / "pods.md").read_text()
    told = re.search(r"With `--drain-delay 5s` and the default window of 5 s that is (\d+) s", page)
    assert told and one((), "ConfigMap")["data"]["MAPSRV_DRAIN_DELAY"] == "5s"
    assert spec["terminationGracePeriodSeconds"] >= int(told[1]) + 5


def test_the_memory_limit_is_what_its_arithmetic_comes_to() -> None:
    text = (K8S / "base" / "deployment.yaml").read_text()
    parts = [(int(mib), what) for mib, what in re.findall(r"^ +# +(\d+) MiB  (.+)$", text, re.MULTILINE)]
    [total] = [mib for mib, what in parts if what.startswith("in all")]
    assert total == sum(mib for mib, what in parts) - total
    per_viewer = re.search(r"at ([\d.]+) KiB", text)
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    bench = re.search(r"^\| KiB RSS a viewer [^|]+\| [^|]+ \| ([\d.]+) ", page, re.MULTILINE)
    assert per_viewer and bench and float(per_viewer[1]) >= float(bench[1])
    [viewers] = [mib for mib, what in parts if "viewers" in what]
    assert abs(viewers - MAX_STREAMS * float(per_viewer[1]) / 1024) < 2
    [flight] = [mib for mib, what in parts if "--max-in-flight" in what]
    assert flight == parse(["serve"], {}).max_in_flight / 2**20
    limit = size(container(())["resources"]["limits"]["memory"]) / 2**20
    assert total * 1.5 <= limit, "for maps, which nothing bounds in number but their use"


def test_redis_keeps_a_quarter_of_its_memory_for_itself() -> None:
    pod = container((), "StatefulSet", "redis")
    given = dict(zip(pod["args"][::2], pod["args"][1::2], strict=True))
    assert size(given["--maxmemory"]) == size(pod["resources"]["limits"]["memory"]) * 3 // 4
    assert given["--maxmemory-policy"] == "noeviction" and given["--appendonly"] == "yes"
    assert given["--appendfsync"] == "everysec"
    values = (K8S / "sentinel" / "valkey-values.yaml").read_text()
    [chart] = parsed(values)
    told = dict(line.split() for line in chart["extraConfig"].splitlines())
    assert size(told["maxmemory"]) == size(chart["resources"]["limits"]["memory"]) * 3 // 4
    ours = {name.removeprefix("--"): value for name, value in given.items()}
    assert {name: ours[name] for name in told} == told


def test_the_chart_and_the_component_mean_the_same() -> None:
    [chart] = parsed((K8S / "sentinel" / "valkey-values.yaml").read_text())
    keys = one(("sentinel",), "Secret", "redis-password")["data"].keys()
    assert chart["auth"]["usersExistingSecret"] == "redis-password"
    assert {chart["auth"]["aclUsers"]["default"]["passwordKey"], chart["sentinel"]["passwordKey"]} == keys
    assert f"/{chart['sentinel']['masterSet']}?" in variables(("sentinel",))["MAPSRV_STORE"]
    assert not [each for each in documents(("sentinel",)) if each["metadata"]["name"] == "redis"]
