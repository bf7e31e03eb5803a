"""Words that say the opposite of each other, by stem, in both languages."""

from functools import cache

from chains.words import stem

_PAIRS = """
increase/decrease/reduce rise/fall grow/shrink win/lose victory/defeat gain/lose
accept/reject/refuse allow/forbid/prohibit/ban support/oppose agree/disagree before/after
north/south northern/southern east/west eastern/western left/right above/below up/down high/low
higher/lower highest/lowest large/small larger/smaller largest/smallest big/small
biggest/smallest great/little more/less/fewer most/least/fewest many/few maximum/minimum
major/minor majority/minority first/last early/late earlier/later earliest/latest old/new
older/younger oldest/youngest young/old long/short longer/shorter longest/shortest fast/slow
faster/slower strong/weak stronger/weaker rich/poor good/bad better/worse best/worst begin/end
start/end/finish/stop open/close/shut enter/leave arrive/depart join/leave include/exclude
internal/external inner/outer inside/outside import/export buy/sell hire/fire/dismiss birth/death
born/died live/die love/hate friend/enemy ally/enemy attack/defend build/destroy/demolish
create/destroy success/failure succeed/fail successful/unsuccessful legal/illegal
possible/impossible likely/unlikely known/unknown public/private male/female men/women man/woman
boy/girl husband/wife father/mother son/daughter brother/sister king/queen positive/negative
active/passive hot/cold warm/cool wet/dry heavy/light hard/soft deep/shallow wide/narrow
thick/thin full/empty always/never often/rarely all/none everyone/nobody same/different
true/false correct/incorrect/wrong true/wrong equal/unequal simple/complex easy/difficult/hard
raise/lower expand/contract/shrink appear/disappear connect/disconnect unite/divide/separate
add/remove appoint/dismiss elect/dismiss employ/dismiss approve/reject/disapprove
praise/criticize friendly/hostile peace/war ancient/modern temporary/permanent rural/urban
domestic/foreign ascend/descend forward/backward offensive/defensive liberal/conservative
guilty/innocent visible/invisible regular/irregular direct/indirect formal/informal conquer/lose
upper/lower maximize/minimize encourage/discourage strengthen/weaken improve/worsen admit/deny
confirm/deny
增加/减少/下降 增长/减少/下降 上升/下降 提高/降低 升高/降低 扩大/缩小 赢/输 胜利/失败/失利
获胜/失利/落败 战胜/输给 成功/失败 获得/失去 得到/失去 接受/拒绝 同意/反对/拒绝 允许/禁止
支持/反对 赞成/反对 之前/之后 以前/以后 前/后 北/南 北部/南部 北方/南方 东/西 东部/西部 东方/西方
东北/西南 东南/西北 左/右 上/下 高/低 高于/低于 最高/最低 大/小 大于/小于 最大/最小 多/少
多于/少于 最多/最少 多数/少数 主要/次要 最早/最晚 早/晚 早期/晚期 前期/后期 新/旧 年轻/年老 长/短
最长/最短 快/慢 最快/最慢 强/弱 富/穷 富裕/贫穷 好/坏 最好/最差 开始/结束/停止 开放/关闭
打开/关闭 进入/离开/退出 加入/退出 参加/退出 内部/外部 国内/国外 进口/出口 购买/出售 买/卖
任命/罢免 担任/辞去 就任/卸任 出生/去世/逝世 生/死 朋友/敌人 盟友/敌人 进攻/防守 攻击/防御
建造/拆除/摧毁 修建/拆除 建立/摧毁/废除 成立/解散 创立/解散 合法/非法 可能/不可能 公立/私立
公共/私人 男/女 男性/女性 父亲/母亲 儿子/女儿 丈夫/妻子 正/负 积极/消极 热/冷 湿润/干燥 重/轻
硬/软 深/浅 宽/窄 厚/薄 经常/很少 总是/从不 相同/不同 正确/错误 简单/复杂 容易/困难 出现/消失
连接/断开 统一/分裂 合并/分裂 添加/删除 批准/否决 和平/战争 古代/现代 临时/永久 农村/城市
顺时针/逆时针 主场/客场 主队/客队 上游/下游 有害/无害 有效/无效 直接/间接 乐观/悲观 加强/削弱
改善/恶化 承认/否认 占领/失去
"""


def opposites(root: str) -> frozenset[str]:
    """The stems of the words that say the opposite of a stem."""
    return _table().get(root, frozenset())


@cache
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _PAIRS.split():
        # The first word is the opposite of each of the others, which say about the same.
        first, *others = (stem(word) for word in group.split("/"))
        for other in others:
            found.setdefault(first, set()).add(other)
            found.setdefault(other, set()).add(first)
    return {word: frozenset(others) for word, others in found.items()}
