"""Headers of tables that call centres export → keys of the metadata, and tables → cells."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from voiceguard.errors import Problem, UsageError

#: Not metadata itself: the column that says which recording a row is about.
FILE = "file"

_HEADERS: dict[str, str] = {
    FILE: "文件名 文件 文件名称 文件路径 录音 录音文件 录音文件名 录音名称 录音路径 录音地址"
    " 音频 音频文件 file filename filepath path recording"
    " recordingfile recordingpath audio audiofile wav",
    "call_id": "通话编号 通话id 通话号 通话流水号 流水号 呼叫id 呼叫编号 录音编号 录音id 会话id"
    " callid id uuid sessionid conversationid recordingid callnumber",
    "customer_id": "客户编号 客户号 客户id 用户编号 用户id 借款人编号 customerid custid clientid",
    "agent_id": "坐席工号 座席工号 工号 坐席编号 坐席id 客服工号 催收员工号 员工编号 员工工号"
    " agentid employeeid staffid operatorid",
    "team": "班组 组别 小组 团队 坐席组 技能组 team group",
    "line_of_business": "业务线 业务 业务类型 业务条线 条线 lineofbusiness lob businessline",
    "product": "产品 产品名称 产品类型 product productname",
    "days_overdue": "逾期天数 逾期 逾期日数 daysoverdue overduedays dpd",
    "number": "号码 电话 电话号码 手机号 手机号码 手机 联系电话 客户号码 对方号码 被叫号码"
    " number phone phonenumber mobile tel telephone",
    "direction": "方向 呼叫方向 通话方向 呼叫类型 direction calldirection",
    "started_at": "开始时间 通话开始时间 呼叫开始时间 起始时间 呼叫时间 录音时间 录音开始时间"
    " startedat starttime startat calltime calltimestamp",
}
_KEYS = {header: key for key, headers in _HEADERS.items() for header in headers.split()}
_FILLING = re.compile(r"[\s_\-.:#*]+|\(.*?\)$")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DELIMITERS = ",;\t|，；"


def key_of(header: str) -> str | None:
    """The key that ``header`` means; None where it means nothing here.

    A header that is written like a key (``region``, ``campaign_2``) is one.
    """
    plain = unicodedata.normalize("NFKC", header).strip()
    if key := _KEYS.get(_folded(plain)):
        return key
    return plain if _KEY.fullmatch(plain) else None


class Columns:
    """Which key each header gives, with explicit names before known ones.

    Args:
        mapping: header → key; an empty key leaves the column out, ``file`` names the recording.

    Raises:
        UsageError: a key that is not lower-case letters, digits and ``_``.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._explicit: dict[str, tuple[str, str]] = {}
        for header, key in (mapping or {}).items():
            if key.strip() and not _KEY.fullmatch(key.strip()):
                raise UsageError(
                    f"the column {header!r} can't become {key!r}",
                    "a key is lower-case letters, digits and _, such as customer_id",
                )
            self._explicit[_folded(header)] = (header, key.strip())
        self._seen: set[str] = set()
        self._ignored: dict[str, None] = {}

    def keys(self, headers: Iterable[str]) -> list[str | None]:
        """For each header its key or None."""
        out = []
        for header in headers:
            folded = _folded(header)
            self._seen.add(folded)
            if folded in self._explicit:
                out.append(self._explicit[folded][1] or None)
                continue
            key = key_of(header)
            if key is None and header.strip():
                self._ignored[header.strip()] = None
            out.append(key)
        return out

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers so far that mean nothing here."""
        return tuple(self._ignored)

    def check(self, file: str) -> None:
        """All explicit names occurred.

        Raises:
            UsageError: one did not.
        """
        for folded, (header, _) in self._explicit.items():
            if folded not in self._seen:
                raise UsageError(f"{file} has no column {header!r}")


def twice(keys: Sequence[str | None], file: str, line: int) -> Iterator[Problem]:
    """A problem for every key that several columns give; the first of them counts."""
    for key in dict.fromkeys(keys):
        if key is not None and keys.count(key) > 1:
            yield Problem(file, line, f"several columns give {key}: the first with a value counts")


def table(text: str, file: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Rows of cells with the line they begin on, the header first; empty rows left out."""
    text = text.lstrip("\ufeff")
    first = 1
    if found := re.match(r"sep=(.)\r?\n", text):  # how spreadsheets announce the delimiter
        text, first = text[found.end() :], 2
    delimiter = found[1] if found else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + first
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, Problem(file, line, "a quote is not closed or stands alone: left out")
            continue
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]


def _delimiter(text: str) -> str:
    """The character that parts the header, quoted parts aside."""
    header = next((row for row in text.split("\n") if row.strip()), "")[:10_000]
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count) if any(d in bare for d in _DELIMITERS) else ","


def _folded(header: str) -> str:
    return _FILLING.sub("", unicodedata.normalize("NFKC", header).strip().lower())
