"""Words for making statements about paragraphs: what may replace a word, and what must not.

Made for the measurement alone: the program knows none of these lists.
"""

# Replacements that keep what a sentence says.
SAME_EN = dict(
    pair.split("=")
    for pair in (
        "began=started;started=began;large=big;big=large;however=but;although=though;"
        "many=numerous;numerous=many;often=frequently;frequently=often;important=significant;"
        "significant=important;received=got;obtained=acquired;constructed=built;built=constructed;"
        "located=situated;created=made;showed=demonstrated;demonstrated=showed;"
        "used=employed;employed=used;helped=assisted;purchased=bought;bought=purchased;"
        "during=throughout;approximately=about;around=about;also=additionally;because=since;"
        "additional=further;entire=whole;whole=entire;nearly=almost;almost=nearly;"
        "primary=main;main=primary;various=several;several=various;quickly=rapidly;"
        "rapidly=quickly;died=passed away;ended=concluded;children=kids;"
        "said=stated;stated=said;required=needed;need=require;"
        "difficult=hard;hard=difficult;allowed=permitted;permitted=allowed;chose=selected;"
        "selected=chose;destroyed=ruined;gave=provided;provided=gave;famous=well-known;"
        "became=turned into;until=till;usually=normally;typically=usually;known=recognized;"
        "remained=stayed;attempted=tried;tried=attempted;within=inside;upon=on;"
        "occurred=happened;happened=occurred;completed=finished;finished=completed"
    ).split(";")
)
SAME_ZH = dict(
    pair.split("=")
    for pair in (
        "因为=由于;由于=因为;但是=不过;经常=常常;常常=经常;位于=坐落于;"
        "建造=修建;修建=建造;创建=创立;创立=创建;成立=创办;著名=知名;知名=著名;许多=很多;很多=许多;"
        "使用=运用;重要=关键;主要=首要;获得=取得;取得=获得;称为=叫做;叫做=称为;帮助=协助;购买=买下;"
        "同时=与此同时;目前=现在;现在=目前;去世=逝世;逝世=去世;担任=出任;出任=担任;以及=和;其中=当中;"
        "并且=而且;如果=假如;通常=一般;认为=觉得;表示=称;迅速=快速;快速=迅速;例如=比如;"
        "比如=例如;仍然=依然;可能=或许;居住=住;制作=制造;"
        "拥有=具有;具有=拥有;包括=包含;包含=包括;分布于=分布在;演出=表演;发行=推出;推出=发行"
    ).split(";")
)

# Verbs: another one in its place says something else.
VERBS_EN = (
    "won lost built destroyed founded abolished joined left bought sold accepted rejected opened "
    "closed raised lowered increased decreased entered supported opposed attacked defended "
    "discovered invented designed painted wrote published banned taught married killed arrested "
    "released defeated conquered elected appointed dismissed signed refused ignored praised "
    "criticized funded burned copied borrowed invaded visited imported exported divided united "
    "moved returned started ended began stopped added removed allowed forced created received "
    "gave led followed won established captured produced developed recorded scored hosted "
    "replaced introduced carried held sent made took became described claimed used found"
).split()
VERBS_ZH = (
    "成立 解散 建造 拆除 出生 去世 获得 失去 加入 退出 支持 反对 开始 结束 增加 减少 上升 下降 "
    "赢得 输掉 发现 发明 设计 出版 禁止 允许 毕业 担任 辞去 进攻 防守 购买 出售 接受 拒绝 开放 "
    "关闭 位于 居住 创作 演唱 主演 导演 参加 离开 击败 占领 分布 生产 进口 出口 任命 罢免 合并 "
    "创立 创建 建立 推出 发行 发表 签署 访问 领导 跟随 使用 停止 出现 消失 属于 成为 修建 摧毁"
).split()
OPPOSITE = dict(
    pair.split("=")
    for pair in (
        "increased=decreased;decreased=increased;before=after;after=before;largest=smallest;"
        "smallest=largest;higher=lower;lower=higher;more=less;less=more;first=last;north=south;"
        "northern=southern;southern=northern;east=west;eastern=western;western=eastern;"
        "early=late;late=early;won=lost;lost=won;accepted=rejected;rejected=accepted;"
        "supported=opposed;opposed=supported;maximum=minimum;most=least;best=worst;"
        "successful=unsuccessful;possible=impossible;legal=illegal;public=private;"
        "private=public;increase=decrease;decrease=increase;rich=poor;young=old;always=never;"
        "增加=减少;减少=增加;上升=下降;下降=上升;支持=反对;反对=支持;最大=最小;最高=最低;最早=最晚;"
        "北部=南部;南部=北部;东部=西部;西部=东部;成功=失败;失败=成功;以前=以后;之前=之后;之后=之前;"
        "高于=低于;低于=高于;合法=非法;公立=私立;私立=公立;胜利=失利;强=弱;前=后;大=小;多=少"
    ).split(";")
)
NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty "
    "thirty forty fifty"
).split()
