"""Write deploy/k8s/rendered anew: `python -m tests.deploy.render`, with kubectl."""

from __future__ import annotations

from tests.deploy.kit.kustomize import ALONE, RENDERED, name_of, text_of

HEAD = "# {name}, as `kubectl kustomize` makes it. Do not edit: `python -m tests.deploy.render` writes it.\n"


def main() -> None:
    """Write one file for the base, and one for it with each component."""
    RENDERED.mkdir(exist_ok=True)
    for components in ALONE:
        name = name_of(components)
        (RENDERED / f"{name}.yaml").write_text(HEAD.format(name=name) + text_of(components), "utf-8")


if __name__ == "__main__":
    main()
