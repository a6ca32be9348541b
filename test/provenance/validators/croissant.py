"""Loads Croissant descriptions with mlcroissant.

Usage: croissant.py FILE...   prints {"<file>": {"error": … or null, "warnings": […], "records": [[identity, index, width, height], …]}, …}
"""

import json
import os
import sys
import tempfile

# What is unpacked goes away with the process. Read when the package is imported.
unpacked = tempfile.TemporaryDirectory()
os.environ["CROISSANT_CACHE"] = unpacked.name

import mlcroissant as mlc  # noqa: E402


def load(path: str) -> dict:
    try:
        dataset = mlc.Dataset(jsonld=path)
        context = dataset.metadata.ctx
        records = [
            [
                int(record["images/identity"]),
                int(record["images/index"]),
                *record["images/image"].size,
            ]
            for record in dataset.records(record_set="images")
        ]
        return {
            "error": None,
            "version": context.conforms_to.value,
            "warnings": sorted(context.issues.warnings),
            "records": sorted(records),
        }
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "warnings": [], "records": []}


print(json.dumps({path: load(path) for path in sys.argv[1:]}))
