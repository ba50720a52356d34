"""Write the pages that are made from the code: ``python docs/generate.py``.

``--check`` writes nothing and exits with 1 where a page is not what the code says.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
WIDTH = 88
_MADE = "<!-- Made by docs/generate.py: change the code, not this page. -->\n"


def settings_page() -> str:
    """Every setting with its variable, flag, values, default and meaning."""
    from voiceguard.settings import FILE, PREFIX, Settings

    shape = Settings.model_json_schema()["properties"]
    flags = _flags(set(shape))
    rows = [
        (f"`{name}`", f"`{PREFIX}{name.upper()}`", f"`{flags[name]}`" if name in flags else "–",
         _values(spec), _default(spec.get("default")), spec["description"])
        for name, spec in shape.items()
    ]
    return f"""{_MADE}
# Settings

A value is taken from the first place that gives it:

1. the flag on the command line;
2. the environment variable;
3. the settings file: the one named by `--config`, else by the variable `{PREFIX}CONFIG`, else
   `{FILE}` in the folder in which the command runs;
4. the default.

{_table(("setting", "variable", "flag", "values", "default", "meaning"), rows)}
A name that is no setting is refused, in the file as in the environment, and a value that can't be
right is refused too: the command ends with exit code 2 and names it. `cuda:1` is the second GPU.

`{FILE}` holds one `name = value` a line, in [TOML](https://toml.io):

```toml
model = "large-v3"
model_dir = "/srv/models"
roles = "agent,customer"
filename_pattern = "{{started_at}}_{{agent_id}}_{{customer_id}}"
batch_size = 16
```

* Paths are used as they stand: `~` is understood in a flag, where the shell replaces it, but not
  in the file. A relative path counts from the folder in which the command runs.
* In a variable a truth is `true` or `false`.
* `analyze`, `scan` and `eval` know `--config`. `models` and `doctor` take `model_dir` from the
  same places, without that flag. `rules list`, `rules lint` and `rules test` read no settings:
  they look at the folder given, or at the shipped rules.

See also: [roles, metadata and file names](analyse.md) · [models](models.md) · [rules](rules.md) ·
[all commands and flags](commands.md)
"""


def commands_page() -> str:
    """What ``--help`` says of every command, in plain text of one width."""
    import typer

    from voiceguard.cli.app import app

    root = typer.main.get_command(app)
    parts = [
        _MADE, "# Commands\n",
        "What `--help` says of every command. [Exit codes](analyse.md#exit-codes) ·\n"
        "[where a value comes from that no flag gives](settings.md)\n",
    ]
    for path, command in _walk(root, "voiceguard"):
        parts.append(f"## {path}\n\n```text\n{_help(path, command)}\n```\n")
    return "\n".join(parts)


def categories_page() -> str:
    """Every category and its rules, from the rule libraries."""
    from voiceguard.rules import load_library

    library = load_library()
    by_category = {c.id: [r for r in library.rules if r.category == c.id]
                   for c in library.categories}
    overview = [
        (f"[`{c.id}`](#{c.id})", c.zh, c.en, str(len(by_category[c.id])))
        for c in library.categories
    ]
    parts = [
        _MADE, "# Categories and rules\n",
        f"{len(library.rules)} rules in {len(library.categories)} categories. A rule holds for a "
        "turn of one of its roles; where the\nrole of a turn is not known, the flag asks for "
        "listening. How a rule works stands in [Rules](rules.md).\n",
        _table(("category", "中文", "English", "rules"), overview),
    ]
    for c in library.categories:
        rows = [
            (f"`{r.id}`", r.severity, ", ".join(sorted(r.roles)), *r.title)
            for r in by_category[c.id]
        ]
        parts.append(
            f"## {c.id}\n\n**{c.zh}** · {c.en} · {len(rows)} rules\n\n{c.summary}。\n\n"
            + _table(("rule", "severity", "roles", "中文", "English"), rows)
        )
    return "\n".join(parts)


def reference_page() -> str:
    """Every key of a rule file, from the schema that reads them."""
    from voiceguard.rules.rulesets import RulesetModel
    from voiceguard.rules.schema import (
        BELONGS,
        OPERATORS,
        ConditionModel,
        NamedModel,
        RuleFile,
        RuleModel,
        StepModel,
    )

    keys = _own(ConditionModel)
    where = [k for k in keys if k not in OPERATORS and k not in BELONGS]
    named = {k: v for k, v in _own(NamedModel).items() if k in ("note", "examples")}
    belonging = [
        (f"`{k}`", ", ".join(f"`{o}`" for o in owners), _kind(keys[k]),
         keys[k]["description"].split(": ", 1)[-1])
        for k, owners in BELONGS.items()
    ]
    return f"""{_MADE}
# Rule reference

Every key of a rule file. How to use them, with examples: [Writing rules](writing-rules.md);
the beginning: [Rules](rules.md). `voiceguard rules schema` prints the JSON Schema, for editors.

A length is written `10 chars`, `3 turns`, `30s`, `500ms`, `2 min`, `turn` (the same one) or `call`.

## What is heard

A condition is a text, which is a phrase, or a mapping with exactly one of these keys:

{_table(("key", "value", "holds where"), _keys(keys, OPERATORS))}
These belong to certain keys:

{_table(("key", "goes with", "value", "means"), belonging)}
A step of a script has:

{_table(("key", "value", "means"), _keys(_own(StepModel)))}
## Where and how often

Any of these may stand beside what is heard. `near`, `script`, `after`, `before`, `times` and
`repeated` share `within`, so a condition has at most one of them; nest it in `all` to have two.

{_table(("key", "value", "means"), _keys(keys, where))}
## Rules

{_table(("key", "value", "means"), _keys(_own(RuleModel)))}
## Files

{_table(("key", "value", "means"), _keys(_own(RuleFile)))}
A named condition is a condition, and may have:

{_table(("key", "value", "means"), _keys(named))}
## Rulesets

{_table(("key", "value", "means"), _keys(_own(RulesetModel)))}"""


def _own(model: Any) -> dict[str, Any]:
    """The keys of a model; a model that contains itself stands among its definitions."""
    schema = model.model_json_schema(by_alias=True)
    if "properties" not in schema:
        schema = schema["$defs"][model.__name__]
    made: dict[str, Any] = schema["properties"]
    return made


def _keys(properties: dict[str, Any], only: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    return [(f"`{k}`", _kind(properties[k]), properties[k].get("description", ""))
            for k in only or properties]


def _kind(spec: dict[str, Any]) -> str:
    """What a key of a rule file takes, from its JSON schema."""
    kinds = [s for s in spec.get("anyOf", [spec]) if s.get("type") != "null"]
    kind = kinds[0]
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if "$ref" in kind:
        name = kind["$ref"].rsplit("/", 1)[-1].removesuffix("Model")
        return {"Condition": "condition", "Step": "step", "Titles": "`zh` and `en`",
                "LibraryHead": "`name` and `version`", "Examples": "`hit` and `miss`"}[name]
    if kind.get("type") == "array":
        inner = _kind(kind["items"])
        return "any of " + inner if "enum" in kind["items"] else f"list of {inner}s"
    if kind.get("format") == "date":
        return "date"
    bounds = [f"from {kind['minimum']}"] if "minimum" in kind else []
    bounds += [f"to {kind['maximum']}"] if "maximum" in kind else []
    plain = {"string": "text", "integer": "whole number", "number": "number",
             "boolean": "`true` or `false`", "object": "mapping"}.get(kind.get("type", ""), "rule")
    if kind.get("maxLength") == 20 and "minLength" not in kind:
        plain = "length"
    return " ".join([plain, *bounds])


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page, "commands.md": commands_page, "categories.md": categories_page,
    "rule-reference.md": reference_page,
}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines
    )


def _values(spec: dict[str, Any]) -> str:
    """What a setting accepts, from its JSON schema."""
    kinds = [s for s in spec.get("anyOf", [spec]) if s.get("type") != "null"]
    kind = kinds[0]
    if "enum" in kind:
        return " or ".join(f"`{value}`" for value in kind["enum"])
    if kind["type"] == "boolean":
        return "`true` or `false`"
    if kind["type"] in ("integer", "number"):
        what = "whole number" if kind["type"] == "integer" else "number"
        return f"{what}, {kind['minimum']} to {kind['maximum']}"
    if kind.get("format") == "path":
        return "a folder"
    if "pattern" in kind:
        return f"`{kind['pattern'].strip('^$')}`"
    if "maxLength" in kind:
        return f"text of {kind.get('minLength', 0)} to {kind['maxLength']} characters"
    return "text"


def _default(value: object) -> str:
    if value is None or value == "":
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The command and all below it, with what a user types to reach each."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _walk(below, f"{path} {name}")


def _flags(settings: set[str]) -> dict[str, str]:
    """Setting → the flag of the same name, where there is one."""
    import typer

    from voiceguard.cli.app import app

    out: dict[str, str] = {}
    for _, command in _walk(typer.main.get_command(app), "voiceguard"):
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name in settings:
                out.setdefault(parameter.name, max(parameter.opts, key=len))
    return out


def _help(path: str, command: Any) -> str:
    """Laid out here and not by typer: its layout changes from version to version."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    below = getattr(command, "commands", {})
    usage = ["Usage:", path, "[OPTIONS]", *map(_shown, arguments), *(["COMMAND …"] * bool(below))]
    parts = [" ".join(usage)]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        parts.append(textwrap.fill(" ".join(paragraph.split()), WIDTH, initial_indent="  ",
                                   subsequent_indent="  "))
    listed = [(_names(p), _meaning(p)) for p in options if not p.hidden]
    listed.append(("-h, --help", "Show this message and exit."))
    for title, rows in (
        ("Arguments", [(_shown(p), _meaning(p)) for p in arguments if p.help]),
        ("Options", listed),
        ("Commands", [(n, (c.help or "").split("\n")[0].strip()) for n, c in below.items()]),
    ):
        if rows:
            parts.append(f"{title}:\n{_columns(rows)}")
    return "\n\n".join(parts)


def _shown(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name += "…" if argument.nargs == -1 and not name.endswith("…") else ""
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    names = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
    return names if option.is_flag else f"{names} {option.metavar or option.name.upper()}"


def _meaning(parameter: Any) -> str:
    default = parameter.default
    given = isinstance(default, str | int | float) and not isinstance(default, bool) and default
    return (parameter.help or "") + (f"  [default: {default}]" if given else "")


def _columns(rows: Sequence[tuple[str, str]]) -> str:
    left = min(30, max(len(name) for name, _ in rows)) + 4
    lines = []
    for name, text in rows:
        first = f"  {name}".ljust(left)
        body = textwrap.wrap(text, WIDTH - left) or [""]
        if len(first) > left:
            lines.append(first)
            first = " " * left
        lines.append((first + body[0]).rstrip())
        lines += [" " * left + line for line in body[1:]]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args(arguments).check
    stale = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"docs/{name}: {'stale, run python docs/generate.py' if check else 'written'}",
              file=sys.stderr)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
