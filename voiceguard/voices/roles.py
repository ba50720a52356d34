"""Roles by channel, and a look at whether they are the wrong way round."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voiceguard.domain import Notice, Role, Turn
from voiceguard.text import normalise

#: What staff say when a call opens, and customers hardly ever do.
_STAFF = re.compile(
    r"(请问|您)是.{0,8}(先生|女士|小姐|本人)|工号|客服|为您服务|很高兴|这(里|边)是|我(们)?是.{0,10}(银行|金融|公司|中心)"
    r"|核(对|实)一下|身份证.{0,4}(后|最后)|您的?.{0,8}(账单|贷款|分期|保单|还款|逾期)|请您|感谢您的"
)
_OPENING = 6


def roles_for(channels: int, wanted: Sequence[Role]) -> tuple[Role, ...]:
    """A role for each of ``channels`` channels.

    One channel carries both parties, so nobody can tell who speaks; further channels than
    ``wanted`` names are unknown too.
    """
    if channels == 1:
        return (wanted[0] if len(wanted) == 1 else "unknown",)
    return tuple(wanted[i] if i < len(wanted) else "unknown" for i in range(channels))


def check_roles(turns: Sequence[Turn]) -> tuple[Notice, ...]:
    """A warning where the opening sounds as if agent and customer had each other's channel."""
    score = {"agent": 0, "customer": 0}
    for turn in turns[: 2 * _OPENING]:
        if turn.role in score:
            score[turn.role] += len(set(_STAFF.findall(normalise(turn.text).text)))
    if score["customer"] >= 2 and score["customer"] >= 2 * score["agent"] + 1:
        message = ("the customer's channel opens the call as staff do: the channels may be "
                   "swapped; try --roles customer,agent")
        return (Notice("roles_maybe_swapped", message),)
    return ()
