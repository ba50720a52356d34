"""Who speaks, by the words that people and systems put before a turn."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from voiceguard.domain import Role

_AGENT = (
    "坐席 座席 坐席员 座席员 坐席人员 客服 客服人员 客服代表 人工客服 客服专员 话务员 接线员 催收"
    " 催收员 催收人员 催收专员 催收方 业务员 专员 员工 工作人员 客户经理 机器人 语音机器人 智能客服"
    " agent operator staff representative rep csr collector advisor adviser bot robot ivr"
    " callcenteragent customerservice"
)
_CUSTOMER = (
    "客户 用户 顾客 客人 借款人 持卡人 债务人 投保人 欠款人 客户本人"
    " customer client user borrower cardholder debtor policyholder"
)
_THIRD = (
    "第三方 第三人 第三者 他人 旁人 代理人 代理 代办人 家属 亲属 家人 客户家属 联系人"
    " 提示者 背景人声 thirdparty 3rdparty third bystander prompter proxy relative family"
)
_NOBODY = "未知 不详 未知角色 unknown unk"
_VOICES = "说话人 发言人 讲话人 讲者 声道 speaker spk voice channel"
_VOICE = {*_VOICES.split(), "男", "女", "男声", "女声"}

_ROLES: dict[str, Role] = {
    **dict.fromkeys(_AGENT.split(), "agent"),
    **dict.fromkeys(_CUSTOMER.split(), "customer"),
    **dict.fromkeys(_THIRD.split(), "third_party"),
    **dict.fromkeys(_NOBODY.split(), "unknown"),
}
_NUMBER = re.compile(r"(.*?)(?:号?0*\d{1,12}号?|(?<=[^\x00-\x7f])[a-z甲乙丙丁一二三四])$")
_LETTER = re.compile(r"[a-h甲乙丙丁]$")
_FILLING = re.compile(r"[\s_#.\-]+")


@dataclass(frozen=True, slots=True)
class Party:
    """A speaker as named in a file.

    Attributes:
        speaker: None where the role says it all.
        told: False where the name does not tell the role, though it should.
    """

    role: Role
    speaker: str | None = None
    told: bool = True


def party(label: str) -> Party | None:
    """Who ``label`` means: ``坐席``, ``Agent 2``, ``A``, ``speaker_01``; None if it means nobody.

    ``A`` and ``speaker_01`` are voices whose role is not known.
    """
    label = label.strip()
    key = _FILLING.sub("", unicodedata.normalize("NFKC", label).lower())
    if role := _ROLES.get(key):
        return Party(role)
    if _LETTER.match(key) or key in _VOICE:
        return Party("unknown", label, told=False)
    numbered = _NUMBER.match(key)
    if numbered is None or not numbered[1]:
        return None
    if role := _ROLES.get(numbered[1]):
        return Party(role, label)
    if numbered[1] in {*_VOICE, "s", "ch"}:
        return Party("unknown", label, told=False)
    return None


def stranger(label: str) -> Party:
    """Somebody whose ``label`` tells no role."""
    return Party("unknown", label.strip() or None, told=False)
