"""Makes job.json of the JSON schemas in the wheel kubernetes-validate 1.37.0 (PyPI, Apache-2.0), which are those of the OpenAPI
document of Kubernetes 1.37.0 (Apache-2.0): a Job of batch/v1 with all that it refers to, without descriptions.

    pip download --no-deps kubernetes-validate==1.37.0
    python job.py kubernetes_validate-1.37.0-py3-none-any.whl > job.json
"""

import json
import sys
import zipfile

FOLDER = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/"
JOB = "io.k8s.api.batch.v1.Job"


def trim(value, names):
    """Drops descriptions and extensions, points references to this file, and notes their names."""
    if isinstance(value, list):
        return [trim(v, names) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, v in value.items():
        if key.startswith("x-kubernetes") or key in ("$id", "$schema") or key == "description" and isinstance(v, str):
            continue
        if key == "$ref":
            name = v.rsplit("/", 1)[1]
            names.append(name)
            v = "#/$defs/" + name
        out[key] = trim(v, names)
    return out


with zipfile.ZipFile(sys.argv[1]) as wheel:
    definitions = json.loads(wheel.read(FOLDER + "_definitions.json"))["$defs"]
kept, waiting = {}, [JOB]
while waiting:
    name = waiting.pop()
    if name not in kept:
        kept[name] = trim(definitions[name], waiting)
schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/" + JOB, "$defs": dict(sorted(kept.items()))}
json.dump(schema, sys.stdout, separators=(",", ":"), sort_keys=True)
print()
