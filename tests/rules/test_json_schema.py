"""Editors are told what the reader accepts."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from voiceguard.cli.app import app
from voiceguard.rules.json_schema import rule_file_schema
from voiceguard.rules.schema import OPERATORS, ConditionModel


def test_the_schema_names_every_key_and_lets_phrases_be_bare() -> None:
    schema = rule_file_schema()
    condition = schema["$defs"]["ConditionModel"]
    aliases = {f.alias or name for name, f in ConditionModel.model_fields.items()}
    assert set(condition["properties"]) == aliases >= set(OPERATORS)
    assert condition["additionalProperties"] is False
    item = schema["$defs"]["RuleModel"]["properties"]["any"]["items"]
    assert {"type": "string"} in item["anyOf"]
    assert all(spec.get("description") for spec in condition["properties"].values())


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(app, ["rules", "schema"])
    assert result.exit_code == 0
    assert json.loads(result.output) == rule_file_schema()
