"""Words and times as people read them: Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from voiceguard.domain import SEVERITIES, CallReport, Flag, Scalar, Severity

Pair = tuple[str, str]

ROLES: dict[str, Pair] = {
    "agent": ("坐席", "Agent"),
    "customer": ("客户", "Customer"),
    "third_party": ("第三方", "Third party"),
    "unknown": ("未知", "Unknown"),
}
SEVERITY: dict[str, Pair] = {
    "low": ("低", "Low"),
    "medium": ("中", "Medium"),
    "high": ("高", "High"),
    "critical": ("严重", "Critical"),
}
RISK: dict[str, Pair] = {
    "none": ("无风险", "None"),
    "low": ("低", "Low"),
    "medium": ("中", "Medium"),
    "high": ("高", "High"),
}
NO_RISK: Pair = ("未评估", "Not assessed")
DISPOSITION: dict[str, Pair] = {
    "clear": ("通过", "Clear"),
    "listen": ("需复听", "Listen"),
    "review": ("需复核", "Review"),
    "escalate": ("升级处理", "Escalate"),
    "not_assessable": ("无法评估", "Not assessable"),
}
OUTCOME: dict[str, Pair] = {
    "conversation": ("双方通话", "Conversation"),
    "no_answer": ("无人接听", "No answer"),
    "machine": ("机器应答", "Machine"),
    "no_speech": ("没有人声", "No speech"),
    "unreadable": ("无法读取", "Unreadable"),
}
HOW: dict[str, Pair] = {
    "exact": ("逐字", "exact"),
    "sound": ("读音相近", "sound"),
    "fuzzy": ("文字相近", "fuzzy"),
    "regex": ("句式", "pattern"),
    "near": ("同现", "near"),
    "script": ("话术步骤", "script"),
    "semantic": ("语义", "semantic"),
    "acoustic": ("声学", "acoustic"),
    "voice": ("声纹", "voice"),
    "absence": ("该说未说", "absence"),
}
EVENT: dict[str, Pair] = {
    "silence": ("静默", "silence"),
    "overlap": ("抢话", "overlap"),
    "tone": ("提示音", "tone"),
    "music": ("音乐", "music"),
}
METADATA: dict[str, Pair] = {
    "call_id": ("通话编号", "Call id"),
    "customer_id": ("客户编号", "Customer id"),
    "agent_id": ("坐席工号", "Agent id"),
    "team": ("班组", "Team"),
    "line_of_business": ("业务线", "Line of business"),
    "product": ("产品", "Product"),
    "days_overdue": ("逾期天数", "Days overdue"),
    "number": ("号码", "Number"),
    "direction": ("呼叫方向", "Direction"),
    "started_at": ("开始时间", "Started at"),
}
NEEDS_LISTENING: Pair = ("需复听", "Needs listening")


def pair(table: Mapping[str, Pair], key: str) -> Pair:
    """Both titles of ``key``; one that is not in the table stands for itself."""
    return table.get(key, (key, ""))


def both(titles: Pair) -> str:
    """``中文 English`` on one line."""
    return " ".join(filter(None, titles))


def clock(ms: int, mark: str = ".") -> str:
    """``hh:mm:ss.mmm``; hours grow beyond two digits where they must."""
    seconds, rest = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{mark}{rest:03}"


def short_clock(ms: int) -> str:
    """``m:ss`` or ``h:mm:ss``, rounded down, as a player shows it."""
    minutes, second = divmod(ms // 1000, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def worst(flags: list[Flag]) -> Severity:
    """The gravest severity among ``flags``, of which there is at least one."""
    return max((flag.severity for flag in flags), key=SEVERITIES.index)


def flags_by_turn(flags: tuple[Flag, ...]) -> dict[int, list[Flag]]:
    """Turn index → the flags that rest on it, in their order."""
    found: dict[int, list[Flag]] = {}
    for flag in flags:
        turns = dict.fromkeys([*flag.turns, *(item.turn for item in flag.evidence)])
        for turn in turns:
            found.setdefault(turn, []).append(flag)
    return found


def metadata(report: CallReport) -> list[tuple[str, Scalar]]:
    """What people look for first comes first, keys of their own after it."""
    order = {key: place for place, key in enumerate(METADATA)}
    return sorted(
        report.transcript.info, key=lambda item: (order.get(item[0], len(order)), item[0])
    )
