"""Modules in one script: their order, their exports, and forms that are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from satellite.http.page.bundle import Bundle

MODULES = {
    "app.js": """import {Counter} from "./counter.js";
import {STEP, twice} from "./numbers.js";

console.log(JSON.stringify([new Counter().count(), twice(STEP), await later()]));

async function later() {
  return (await import("./late.js")).late;
}
""",
    "counter.js": """import {STEP} from "./numbers.js";

let made = 0;

export class Counter {
  count() {
    made += STEP;
    return made;
  }
}
""",
    "numbers.js": """const made = "another of this name";
export const STEP = 3;

export function twice(number) {
  return 2 * number;
}

export async function never() {
  throw new Error(made);
}
""",
}


def test_modules_run_once_each_before_those_that_import_them(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js to run the script")
    bundle = Bundle("app.js", MODULES)
    assert bundle.names == {"counter.js", "numbers.js"}
    (tmp_path / "app.mjs").write_text(bundle.text.replace("late.js", "late.mjs"))
    (tmp_path / "counter.mjs").write_text(bundle.stand_in("counter.js"))
    (tmp_path / "late.mjs").write_text(
        'import {Counter} from "./counter.mjs";\nexport const late = new Counter().count();\n'
    )
    run = subprocess.run([node, tmp_path / "app.mjs"], capture_output=True, check=True, text=True)
    assert json.loads(run.stdout) == [3, 6, 6]  # the second count is of the same module


@pytest.mark.parametrize(
    "line",
    [
        'import Counter from "./counter.js";',
        'import * as all from "./counter.js";',
        "export default 3;",
        "export let changing = 3;",
        "export {changing};",
        "const here = import.meta.url;",
        'const text = "</script>";',
        'const text = "<!-- a comment -->";',
    ],
)
def test_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"not a known form|would end the element"):
        Bundle("app.js", {"app.js": f"{line}\n"})


def test_modules_that_import_each_other_are_refused() -> None:
    sources = {
        "app.js": 'import {one} from "./one.js";',
        "one.js": 'import {two} from "./two.js";\nexport const one = 1;',
        "two.js": 'import {one} from "./one.js";\nexport const two = 2;',
    }
    with pytest.raises(ValueError, match="import each other"):
        Bundle("app.js", sources)
