"""Reading an html report back with html.parser, as a browser without script would."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "input", "hr", "img"}


class Page(HTMLParser):
    """What a page holds.

    Attributes:
        tags: every element in order: name and attributes.
        said: turn index (as text) → text content of that turn.
        marks: (flag numbers, text) of each mark.
        scripts: (type, content) of each script element.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, str] = {}
        self.marks: list[tuple[str, str]] = []
        self.scripts: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "", ""))
        if tag == "mark":
            self.marks.append((dict(attrs)["data-flags"] or "", ""))
        if "data-said" in dict(attrs):
            self.said[dict(attrs)["data-said"] or ""] = ""
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self._open]
        if "script" in names:
            kind, content = self.scripts[-1]
            self.scripts[-1] = (kind, content + data)
            return
        if "style" not in names:
            self.text += data
        for name, attributes in self._open:
            if "data-said" in attributes:
                self.said[attributes["data-said"] or ""] += data
            if name == "mark":
                numbers, text = self.marks[-1]
                self.marks[-1] = (numbers, text + data)
