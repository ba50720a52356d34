"""The wheel holds all that is needed, without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_scan_works_from_an_unpacked_wheel_outside_the_checkout(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path),
         str(ROOT)],
        check=True, capture_output=True,
    )
    (wheel,) = tmp_path.glob("voiceguard-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    call = {"turns": [{"role": "customer", "text": "我交了三千块，让人家法务替我跟你们谈"}]}
    (tmp_path / "call.json").write_text(json.dumps(call), "utf-8")
    code = (
        "import sys, voiceguard, voiceguard.rules, voiceguard.transcribe.models as m\n"
        "print(voiceguard.__file__, voiceguard.rules.shipped(), m.DEMO_FILE.exists(),"
        " file=sys.stderr)\n"
        "sys.argv = ['voiceguard', 'scan', 'call.json']\n"
        "from voiceguard.cli import main; main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=True)
    guards = tmp_path / "site" / "voiceguard" / "transcribe" / "guards"
    assert (guards / "sentences.yaml").exists()
    assert (guards.parent / "models" / "demo.confidence.json").exists()
    package, rules, demo = done.stderr.split()
    assert Path(package).is_relative_to(tmp_path / "site")
    assert Path(rules).is_relative_to(tmp_path / "site")
    assert demo == "True"
    report = json.loads(done.stdout)
    assert {f["category"] for f in report["flags"]} == {"illegal_agency"}
