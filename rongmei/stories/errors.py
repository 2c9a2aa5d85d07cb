"""Errors of the stories room: every refusal says what was kept and what to do."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class StoryError(RongmeiError):
    """Base of the stories room's errors."""


class StoryIsReplica(StoryError):
    """The story belongs to another node and is read here only."""

    status = 409
    words = _("这篇稿件由其他节点管理，此处只读，没有改动。请在它所属的节点上办理。")


class StoryLocked(StoryError):
    """Somebody else has locked the story."""

    status = 409
    words = _("这篇稿件被他人锁定，没有保存。请联系锁定人，或稍后再试。")


class StoryChanged(StoryError):
    """The text changed since the page was opened."""

    status = 409
    words = _("稿件在你打开之后又有改动，这次操作没有生效。请刷新，看过新版本后再办理。")


class NotEditable(StoryError):
    """The story cannot be edited now, or not by this person."""

    status = 403
    words = _(
        "当前环节你不能改这篇稿件，没有保存。在审稿件由本环节审核人修改，作者可请审核人退回。"
    )


class RemarkSettled(StoryError):
    """The remark is settled."""

    status = 409
    words = _("这条意见已经处理，回复没有保存。要继续讨论，请先重新打开它。")


class WordRefused(StoryError):
    """The document cannot be taken in."""

    status = 422
    words = _("这个文件不是 Word 文档，或已损坏，没有导入。")


class WordUnseen(StoryError):
    """The document has tracked changes or comments that nobody has looked at."""

    status = 409
    words = _("文档里有修订或批注，还没有建稿。请看过下面列出的内容，再选一次文件并建稿。")


class PasteTooLarge(StoryError):
    """What was pasted is too much at once."""

    status = 413
    words = _("粘贴的内容太多，没有整理。请分几次粘贴，或用“从 Word 导入”。")


class WrongStep(StoryError):
    """The story is not at this step."""

    status = 409
    words = _("稿件已不在这个环节，没有签名。请刷新查看它现在到了哪一步。")


class AuthorCannotReview(StoryError):
    """The author may not review the story."""

    status = 403
    words = _("作者不能审核自己的稿件，没有签名。请由本单位另外三位审核人办理。")


class OnePersonOneStep(StoryError):
    """The person has already signed another step."""

    status = 403
    words = _("你已在本轮签过另一环节，三审三校须由三人分别承担，没有签名。请换一位审核人。")


class BlockingFindings(StoryError):
    """The machine check found what must not be published."""

    status = 422
    words = _("机器检查发现必须处理的问题，没有送出，稿件已保存。请按“检查”栏逐条修改。")


class NoClearance(StoryError):
    """An exemplar is featured without a valid clearance."""

    status = 422
    words = _("涉先进典型的稿件缺少有效准宣证，没有送出，稿件已保存。")


class NothingToReview(StoryError):
    """The story has no title or text."""

    status = 422
    words = _("稿件还没有标题或正文，没有送审。请写完再送。")


class ReasonMissing(StoryError):
    """A reason must be given."""

    status = 422
    words = _("请写明原因，没有改动。退回和撤稿必须让作者知道为什么。")


class LinkRefused(StoryError):
    """The stories cannot be tied to each other like this."""

    status = 422
    words = _("不能这样关联这两篇稿件，没有改动。")


class NotSigned(StoryError):
    """The three signatures do not cover exactly the present text."""

    status = 409
    words = _("这篇稿件没有完整有效的三审签名，或签名后有改动，不能使用。请重新走完审核。")


class WrongState(StoryError):
    """The story is in no state for this."""

    status = 409
    words = _("稿件当前状态不能这样办理，没有改动。请刷新后查看。")


class NowhereToShare(StoryError):
    """There is no unit above to share with."""

    status = 409
    words = _("没有可以推送的上级单位，或与它的连接未建立，没有推送。")


class ForgedStory(StoryError):
    """What another node sent does not prove what it says."""

    status = 422
    words = _("其他节点发来的稿件未通过核验（单位、签名或内容摘要不符），没有收入。")


class FlowBroken(StoryError):
    """A review flow breaks the rules, or was changed behind them."""

    status = 422
    words = _("这个审核流程不合三审三校的规定或已被改动，没有保存，也不会施行。请按提示修改。")


class FlowFixed(StoryError):
    """The version of the flow is in force or retired and is not changed any more."""

    status = 409
    words = _("这一版流程已施行或已停用，不能再改，没有改动。请另拟一版。")


class DelegationRefused(StoryError):
    """The permission cannot be lent like this."""

    status = 422
    words = _("不能这样委托代审，没有生效。")


class NotGreen(StoryError):
    """The story needs no second reading, or this person may not do it."""

    status = 409
    words = _("这篇稿件没有等着补审，或不能由你补审，没有改动。签发人以外的审核人可以补审。")


class NotNamed(StoryError):
    """The flow names other people for this step."""

    status = 403
    words = _("流程为这个环节指定了人，你不在其中，没有签名。请由指定的审核人办理。")


class NotInBatch(StoryError):
    """This story must be read and signed by itself."""

    status = 409
    words = _("这篇稿件不能与其他稿件一起签，没有签名。请打开它单独审。")


class NoSuchCause(StoryError):
    """The cause is none of those there are."""

    status = 422
    words = _("没有这种原因，没有改动。请从列出的原因里选一个。")


class LexiconExists(StoryError):
    """The unit has a lexicon of this name."""

    status = 409
    words = _("本单位已有同名词库，没有新建。请换个名称，或在原词库里改。")


class LexiconWaits(StoryError):
    """A proposal waits for its second person."""

    status = 409
    words = _("这个词库已有一个版本待核准，没有提交。请等它核准或退回后再改。")


class LexiconUnchanged(StoryError):
    """The proposal is what holds already."""

    status = 422
    words = _("与现行版本没有差别，没有提交。")


class LexiconChanged(StoryError):
    """What is approved is not what was looked at."""

    status = 409
    words = _("版本内容与你看到的不同，没有核准。请刷新，看过差别再办理。")


class TwoPeopleNeeded(StoryError):
    """Nobody approves what they proposed themselves."""

    status = 403
    words = _("自己提交的改动不能自己核准，词库没有变化。请由另一位有权限的人核准。")


class BadLexiconSheet(StoryError):
    """The file is no sheet of a lexicon."""

    status = 422
    words = _("读不出这个文件，没有导入。请用 UTF-8 或 GB 18030 的 CSV，或 .xlsx。")


class FindingGone(StoryError):
    """The finding is not there any more, or cannot be changed by itself."""

    status = 409
    words = _("这处内容已不在或跨了格式，不能自动替换，没有改动。请在编辑器里改。")


class FindingStands(StoryError):
    """What is forbidden cannot be let stand."""

    status = 422
    words = _("“禁”级问题不能保留，没有记录。请修改稿件。")


class SubmissionChanged(StoryError):
    """Another device saved the draft since this one read it."""

    status = 409
    words = _(
        "这篇草稿在另一台设备上又改过，这次没有覆盖它。你这里的文字还在，可另存为一篇，或看过对方的再改。"
    )


class SubmissionKeyReused(StoryError):
    """The key of a step that was taken came again with something else."""

    status = 409
    words = _("这次送出已经收到过一份不同的内容，没有重复投稿。请刷新后再改。")


class SubmissionStands(StoryError):
    """The submission is not in a state for this."""

    status = 409
    words = _("这篇投稿的状态已经变了，没有改动。请刷新，看它现在到了哪一步。")


class OwnSubmission(StoryError):
    """Nobody handles their own submission."""

    status = 403
    words = _("自己的投稿要由别人处理，没有改动。请同事办理。")


class NoDesk(StoryError):
    """The unit takes no submissions from here."""

    status = 422
    words = _("这个单位现在没有人能处理你的来稿，没有送出，草稿还在。请换一个单位。")


class SubmissionIncomplete(StoryError):
    """A submission needs a headline and a text, and the consent of those who can be recognised."""

    status = 422
    words = _("标题和正文都写好才能送出，草稿已保存。")
