"""A small reader of kustomizations: what of them we use, and an error for all else.

`kustomize build` itself is no package of Python's or Debian's. Where `kubectl` is installed,
tests/deploy/test_kubernetes.py compares the results of both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]
Key = tuple[str, str]
"""The kind and the name of a resource."""

_NAMED = ("containers", "env", "ports", "volumes", "volumeMounts")
"""Lists whose members are merged by their names; others are replaced."""
_KNOWN = {"apiVersion", "kind", "resources", "patches", "images"}


def build(folder: Path) -> dict[Key, Resource]:
    """Return the resources of a kustomization, with its patches and images.

    Raises `ValueError` for a part that does not apply, and `OSError` for one that is missing.
    """
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(kustomization) - _KNOWN:
        raise ValueError(f"{folder.name}: this reader does not know {sorted(unknown)}")
    resources: dict[Key, Resource] = {}
    for name in kustomization["resources"]:
        for key, resource in _resources(folder / name).items():
            if key in resources:
                raise ValueError(f"{folder.name}: {name} names {key} for the second time")
            resources[key] = resource
    for patch in kustomization.get("patches", ()):
        _patch(resources, folder, patch)
    for image in kustomization.get("images", ()):
        if not sum(_set_image(resource, image) for resource in resources.values()):
            raise ValueError(f"{folder.name}: no container has the image {image['name']}")
    return resources


def _patch(resources: dict[Key, Resource], folder: Path, patch: dict[str, str]) -> None:
    if set(patch) != {"path"}:
        raise ValueError(f"{folder.name}: this reader knows patches by `path` only")
    for key, change in _documents(folder / patch["path"]).items():
        if key not in resources:
            raise ValueError(f"{folder.name}: {patch['path']} patches {key}, which is missing")
        resources[key] = _merged(resources[key], change)


def _resources(path: Path) -> dict[Key, Resource]:
    return build(path) if path.is_dir() else _documents(path)


def _documents(path: Path) -> dict[Key, Resource]:
    found = {}
    for part in yaml.safe_load_all(path.read_text()):
        key = (part["kind"], part["metadata"]["name"])
        if key in found:
            raise ValueError(f"{path.name} has {key} twice")
        found[key] = part
    return found


def _merged(old: Any, new: Any, name: str = "") -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        changed = {key: _merged(old.get(key), value, key) for key, value in new.items()}
        return {**old, **changed}
    if name in _NAMED and old is not None:
        changes = {part["name"]: part for part in new}
        names = {part["name"] for part in old}
        if missing := set(changes) - names:
            raise ValueError(f"a patch of {name} names {sorted(missing)}, which are missing")
        return [_merged(part, changes.get(part["name"], {})) for part in old]
    return new


def _set_image(resource: Resource, image: dict[str, str]) -> int:
    """Set the image of a resource's containers; return how many."""
    pod = resource.get("spec", {}).get("template", {}).get("spec", {})
    mine = [part for part in pod.get("containers", ()) if part["image"] == image["name"]]
    for container in mine:
        container["image"] = f"{image['newName']}:{image['newTag']}"
    return len(mine)
