"""The JSON Schema of rule files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from pydantic import Field, create_model

from voiceguard.rules.schema import NamedModel, RuleFile, RuleModel

_CONDITION = "#/$defs/ConditionModel"


def rule_file_schema() -> dict[str, Any]:
    """The schema of a file of rules; a condition is a phrase or a mapping."""
    whole = create_model(
        "RuleFile", __base__=RuleFile,
        conditions=(dict[str, NamedModel], Field(default_factory=dict,
                                                 description="named conditions of this file")),
        rules=(list[RuleModel], Field(min_length=1)),
    )
    schema = whole.model_json_schema(by_alias=True)
    made: dict[str, Any] = _loosened(schema)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "VoiceGuard rule file"
    return made


def _loosened(value: Any) -> Any:
    """A bare string wherever a condition may stand, and a single one for a list of roles."""
    if isinstance(value, dict):
        if value.get("$ref") == _CONDITION:
            return {"anyOf": [{"type": "string"}, value]}
        out = {k: _loosened(v) for k, v in value.items()}
        if "by" in out.get("properties", {}):
            roles = out["properties"]["by"]["anyOf"]
            roles.append(roles[0]["items"])
        return out
    return [_loosened(v) for v in value] if isinstance(value, list) else value
