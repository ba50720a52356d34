"""What became of a call: a talk, a machine, nobody, or nothing to hear."""

from __future__ import annotations

import re

from voiceguard.domain import Outcome, Transcript
from voiceguard.text import normalise

_MACHINE = re.compile(
    r"您(所)?拨打的(电话|号码|用户)|暂时无法接通|电话已关机|已停机|是空号|正在通话中|无人接听|请稍后再拨"
    r"|语音信箱|(嘀|滴|提示音).{0,4}后.{0,4}留言|来电(提醒|助手)|机主.{0,6}(不在|无法接听)"
)
#: A call in which one party says no more than this many turns is taken as unanswered, if what it
#: says is no more than trying to raise the other.
_TRIES = 8
_RAISING = re.compile(
    r"喂|您?你?好|听得?到|听得?见|在吗|请问|哪位|有人|说话|信号|再见|稍后|再打|是.{0,8}(先生|女士)"
)


#: A fax machine or modem calls or answers with one of these (Hz, T.30 and V.25).
_FAX = ((1062, 1138), (1285, 1315), (2085, 2115))


def outcome_of(transcript: Transcript) -> Outcome:
    """The outcome, from what was said and by how many channels or speakers, and where nobody
    spoke from what the line sounded like."""
    if not transcript.turns:
        if any(n.code == "unreadable" for n in transcript.notices):
            return "unreadable"
        return _without_talk(transcript)
    texts = [normalise(turn.text).text for turn in transcript.turns]
    if _MACHINE.search("".join(texts)) and len(texts) <= _TRIES:
        return "machine"
    sides = {(t.channel, t.speaker, t.role) for t in transcript.turns}
    told_apart = transcript.turns[0].role != "unknown" or transcript.turns[0].speaker is not None
    if len(sides) == 1 and told_apart and len(texts) <= _TRIES:
        unanswered = all(_RAISING.search(t) or len(t) <= 3 for t in texts)
        if unanswered:
            return "no_answer"
    return "conversation"


def _without_talk(transcript: Transcript) -> Outcome:
    """A line that rang, was busy or played music was never answered; a fax machine answers."""
    heard = [e for e in transcript.events if e.kind in ("tone", "music")]
    if any(e.value and low <= e.value <= high for e in heard for low, high in _FAX):
        return "machine"
    if any(e.kind == "music" or e.value for e in heard):
        return "no_answer"
    return "no_speech"
