"""Prompts of a few hundred tokens, and the passages that they are made of."""

SYSTEM = "<|im_start|>system\nAnswer from the passages.<|im_end|>\n<|im_start|>user\n"
TIDES = (
    "The tide mill at the mouth of the river was built in 1792. Its pond filled through a gate "
    "that the flood pushed open and the ebb pushed shut, so that for four hours after each high "
    "water the wheel could turn. It ground barley until 1911, when the gate was lost in a storm.\n"
)
BEES = (
    "A bee that has found a field of clover dances when it comes home. The angle of the dance to "
    "the vertical is the angle of the field to the sun, and the length of each run says how far "
    "it is: about a second for every kilometre. Karl von Frisch described it in 1927.\n"
)
GLASS = (
    "Window glass does not flow. Old panes are thicker at the bottom because the glazier set the "
    "heavy edge there. At room temperature its viscosity is so high that nothing would be seen of "
    "it in the lifetime of the universe. Lead flows sooner.\n"
)
QUESTION = "How long could the wheel turn?<|im_end|>\n<|im_start|>assistant\n"
CHINESE = (
    "潮汐磨坊建于1792年，位于河口。涨潮时，海水推开闸门，流入水池；退潮时，池中的水又把闸门关上。"
    "因此每次满潮之后，水轮可以转动四个小时。磨坊一直磨大麦，直到1911年闸门毁于风暴。"
    "蜜蜂找到一片三叶草以后，回到蜂巢就会跳舞。舞蹈与竖直方向的夹角，就是花田与太阳的夹角。"
)
PROMPTS = {
    "short": "The capital of France is",
    "English": SYSTEM + TIDES + BEES + GLASS + QUESTION,
    "Chinese": CHINESE,
}
