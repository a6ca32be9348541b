"""Validates crates against the Provenance Run Crate profile, without a network.

Usage: roc.py SEVERITY CRATE...   prints {"<crate>": ["<check>: <message>", ...], ...}

The one context that our crates name is the one of RO-Crate 1.1. The package rocrate ships it; from there it goes into the
validator's own HTTP cache, and the validator runs in its offline mode, in which anything that is not in the cache is an error.
"""

import importlib.resources
import io
import json
import sys
import tempfile
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import models, services
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class Shipped(HTTPAdapter):
    """Answers for the context with the copy that lies in the package, and for nothing else."""

    def send(self, request, **_):
        if request.url != CONTEXT:
            raise requests.ConnectionError(f"offline: {request.url}")
        body = importlib.resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
        if json.loads(body)["@id"] != CONTEXT:
            raise ValueError("the package rocrate ships another version of the context")
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers={"Content-Type": "application/ld+json"},
            status=200,
            request_url=request.url,
            preload_content=False,
        )
        return self.build_response(request, raw)


def fill(cache: str) -> None:
    session = CachedSession(cache, backend="sqlite", expire_after=-1)
    session.mount("https://", Shipped())
    session.get(CONTEXT)
    session.close()


def validate(crate: str, severity: str, cache: str) -> list[str]:
    settings = services.ValidationSettings(
        rocrate_uri=crate,
        profile_identifier="provenance-run-crate-0.5",
        requirement_severity=getattr(models.Severity, severity),
        offline=True,
        cache_path=cache,
        cache_max_age=-1,
    )
    result = services.validate(settings)
    return sorted(f"{issue.check.identifier} {issue.severity.name}: {issue.message} [{getattr(issue, 'violatingEntity', '')}]" for issue in result.get_issues())


def main() -> None:
    severity, *crates = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder) / "http")
        fill(cache)
        print(json.dumps({crate: validate(crate, severity, cache) for crate in crates}))


main()
