"""Bundles as the earlier tool of Python writes and reads them, by the description of its format.

It is not that tool, which cannot be installed: it is another program, in its language, that knows
nothing of this project. Only the standard library is used.

  earlier_bundles.py push HOST REPOSITORY NAME VERSION FOLDER ROLE=LAYER[,LAYER]...
  earlier_bundles.py materialize HOST REPOSITORY NAME VERSION ROLE FOLDER
"""
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request

OCI = "application/vnd.oci.image.manifest.v1+json"
TITLE = "org.opencontainers.image.title"


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def with_self_digest(document):
    return {**document, "digest": sha(canonical(without_nulls(document)))}


class Registry:
    def __init__(self, host, repository):
        self.base = f"http://{host}/v2/{repository}"
        self.host = host

    def ask(self, method, url, data=None, headers={}):
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return answer.read(), answer.headers

    def put_blob(self, data):
        digest = sha(data)
        try:
            self.ask("HEAD", f"{self.base}/blobs/{digest}")
        except urllib.error.HTTPError:
            _, headers = self.ask("POST", f"{self.base}/blobs/uploads/", b"")
            where = headers["Location"]
            where = where if where.startswith("http") else f"http://{self.host}{where}"
            where += ("&" if "?" in where else "?") + "digest=" + digest
            self.ask("PUT", where, data, {"Content-Type": "application/octet-stream"})
        return digest

    def get_blob(self, digest):
        data, _ = self.ask("GET", f"{self.base}/blobs/{digest}")
        assert sha(data) == digest, digest
        return data


def push(host, repository, name, version, folder, *roles):
    registry = Registry(host, f"{repository}/bundles/{name}")
    parts, indexes = [], {}
    roles = {role: layers.split(",") for role, layers in (item.split("=") for item in roles)}
    for layer in sorted({layer for layers in roles.values() for layer in layers}):
        entries = []
        for parent, _, files in sorted(os.walk(os.path.join(folder, layer))):
            for file in sorted(files):
                place = os.path.join(parent, file)
                data = open(place, "rb").read()
                path = os.path.relpath(place, folder).replace(os.sep, "/")
                oras = {"digest": registry.put_blob(data), "size": len(data)}
                entries.append({"path": path, "layer": layer, "oras": oras, "external": None})
                parts.append((data, os.path.basename(path)))
        entries.sort(key=lambda entry: entry["path"])
        indexes[layer] = with_self_digest(
            {"mediaType": "application/json", "layer": layer, "entries": entries})
    main = with_self_digest({
        "mediaType": "application/json", "name": name, "version": version, "description": None,
        "roles": roles, "external_index_present": False,
        "layers": {layer: index["digest"] for layer, index in indexes.items()},
    })
    documents = [(canonical(main), "bundle.manifest.json")]
    documents += [(canonical(index), f"layer.{layer}.json") for layer, index in indexes.items()]
    layers = [{
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": registry.put_blob(data), "size": len(data), "annotations": {TITLE: title},
    } for data, title in documents + parts]
    config = {"mediaType": "application/vnd.unknown.config.v1+json",
              "digest": registry.put_blob(b"{}"), "size": 2}
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": OCI, "config": config, "layers": layers,
        "annotations": {"org.opencontainers.artifact.type": "modelops/bundle",
                        TITLE: f"{name}:{version}"},
    }).encode()
    registry.ask("PUT", f"{registry.base}/manifests/{version}", manifest, {"Content-Type": OCI})


def materialize(host, repository, name, version, role, folder):
    registry = Registry(host, f"{repository}/bundles/{name}")
    data, _ = registry.ask("GET", f"{registry.base}/manifests/{version}", headers={"Accept": OCI})
    found = next(layer for layer in json.loads(data)["layers"]
                 if layer.get("annotations", {}).get(TITLE) == "bundle.manifest.json"
                 or layer["mediaType"] == "application/json")
    main = json.loads(registry.get_blob(found["digest"]))
    assert set(main["roles"][role]) <= set(main["layers"]), "a layer of the role is missing"
    for layer in main["roles"][role]:
        index = json.loads(registry.get_blob(main["layer_indexes"][layer]))
        assert index["mediaType"] == "application/json", index["mediaType"]
        for entry in index["entries"]:
            assert entry["path"] and entry.get("layer", layer) == layer
            forms = [entry.get("oras"), entry.get("external"), entry.get("digest")]
            assert len([form for form in forms if form is not None]) == 1, entry
            if entry.get("external"):
                write(folder, f".mops/ptr/{entry['path']}.json", pointer(entry, layer))
            else:
                write(folder, entry["path"], registry.get_blob(entry["oras"]["digest"]))


def pointer(entry, layer):
    external = entry["external"]
    return json.dumps({
        "schema_version": 1, "uri": external["uri"], "sha256": external["sha256"],
        "size": external["size"], "tier": external.get("tier"),
        "created_at": "1970-01-01T00:00:00Z", "fulfilled": False, "local_path": None,
        "original_path": entry["path"], "layer": layer,
    }, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write(folder, path, data):
    place = os.path.join(folder, path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    open(place, "wb").write(data)


if __name__ == "__main__":
    {"push": push, "materialize": materialize}[sys.argv[1]](*sys.argv[2:])
