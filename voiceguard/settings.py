"""Settings: command-line flag > environment ``VOICEGUARD_…`` > ``voiceguard.toml`` > default.

Only the shells read them; the rooms get frozen option values.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from voiceguard.domain import ROLES, Role
from voiceguard.errors import SettingsError, UsageError

FILE = "voiceguard.toml"
PREFIX = "VOICEGUARD_"
#: Variables of the prefix that are no settings.
_NOT_SETTINGS = {"VOICEGUARD_CONFIG", "VOICEGUARD_TEST_DATA"}


class Settings(BaseSettings):
    """Every setting, with its default; unknown keys are refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    engine: str = Field("auto", description="recogniser; `auto`: the fastest that works here")
    model: str = Field("small", description="model name, path, or 'demo'")
    model_dir: Path | None = Field(None, description="folder of downloaded models")
    allow_download: bool = Field(False, description="let 'analyze' download a missing model")
    language: str = Field("zh", min_length=2, max_length=3, description="language spoken")
    roles: str = Field("agent,customer", description="role of each channel, in order")
    rules: Path | None = Field(None, description="folder of rule libraries; default: the shipped")
    ruleset: str = Field("all", description="which libraries or which ruleset applies")
    word_times: Literal["all", "none"] = Field("all", description="time every word, or segments")
    batch_size: int = Field(16, ge=1, le=256, description="windows decoded together")
    beam_size: int = Field(1, ge=1, le=20, description="beams; 1 is greedy")
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="where to compute")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="number format; `auto`: the fastest of the device that keeps the text"
    )
    threads: int = Field(
        0, ge=0, le=1024, description="CPU threads; 0: one for each core that may be used"
    )
    filename_pattern: str = Field(
        "", description="metadata in file names, such as {agent_id}_{customer_id}_{started_at}"
    )
    guards: str = Field("all", description="checks against invented text: all, none or their names")
    silence_db: float = Field(-66, ge=-100, le=-20, description="dBFS; nothing is heard below")
    speech_rate: float = Field(13, ge=5, le=100, description="syllables a second nobody exceeds")
    doubt_below: float = Field(0.4, ge=0, le=1, description="mean confidence that is warned of")
    unsure_below: float = Field(0.5, ge=0, le=1, description="word confidence to listen below")

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        parse_roles(value)
        return value

    @field_validator("guards")
    @classmethod
    def _known_guards(cls, value: str) -> str:
        if value not in ("all", "none"):
            parse_guards(value)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # merged by load_settings, which knows where each value is from


def parse_roles(text: str) -> tuple[Role, ...]:
    """``"agent,customer"`` → roles in order of the channels.

    Raises:
        ValueError: an unknown role.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in ROLES]
    if unknown or not names:
        wrong = unknown[0] if unknown else text
        raise ValueError(f"no role {wrong!r}: choose from {', '.join(ROLES)}")
    return tuple(name for role in names for name in ROLES if name == role)


def parse_guards(text: str) -> tuple[str, ...]:
    """``"all"``, ``"none"`` or ``"loops,rate"`` → names of guards.

    Raises:
        ValueError: an unknown name.
    """
    from voiceguard.transcribe import GUARDS  # here: `scan` has settings but hears nothing

    if text.strip() in ("all", "none"):
        return GUARDS if text.strip() == "all" else ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in GUARDS]
    if unknown or not names:
        wrong = unknown[0] if unknown else text
        raise ValueError(f"no guard {wrong!r}: all, none, or some of {', '.join(GUARDS)}")
    return tuple(name for name in GUARDS if name in names)


def load_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Settings from all sources; flags that are None count as not given.

    Raises:
        UsageError: a wrong value on the command line.
        SettingsError: a wrong or unknown key in the environment or the file, which is named.
    """
    given = {k: v for k, v in flags.items() if v is not None}
    file, from_file = _file(config)
    from_env = _environment()
    _refuse_unknown(from_file, file)
    try:
        return Settings(**{**from_file, **from_env, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        message = first["msg"].removeprefix("Value error, ")
        if key in given:
            raise UsageError(f"--{key.replace('_', '-')}: {message}") from None
        place = PREFIX + key.upper() if key in from_env else f"{file}: {key}"
        raise SettingsError(f"{place}: {message}") from None


def _environment() -> dict[str, str]:
    found = {k: v for k, v in os.environ.items() if k.startswith(PREFIX)}
    out = {}
    for name, value in found.items():
        key = name.removeprefix(PREFIX).lower()
        if name in _NOT_SETTINGS:
            continue
        if key not in Settings.model_fields:
            raise SettingsError(f"environment variable {name} is no setting", _known())
        out[key] = value
    return out


def _file(config: Path | None) -> tuple[str, dict[str, Any]]:
    named = config or (Path(p) if (p := os.environ.get("VOICEGUARD_CONFIG")) else None)
    path = named or Path(FILE)
    if named is None and not path.exists():
        return FILE, {}
    try:
        return str(path), tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise SettingsError(f"{path} can't be read ({reason})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def _refuse_unknown(values: dict[str, Any], file: str) -> None:
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(f"{file}: no setting {unknown[0]!r}", _known())


def _known() -> str:
    return f"settings are {', '.join(sorted(Settings.model_fields))}"
