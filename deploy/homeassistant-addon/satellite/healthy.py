"""Fail unless the add-on is healthy: sound arrives, or the services of the server answer."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

ADDRESSES = {
    "satellite": "http://127.0.0.1:9464/healthz",
    "server": "http://127.0.0.1:9465/readyz",
}

options = json.loads(Path(os.environ.get("OPTIONS", "/data/options.json")).read_text())
try:
    urllib.request.urlopen(ADDRESSES[options["run_as"]], timeout=8).close()
except OSError as error:
    sys.exit(f"{options['run_as']}: {error}")
