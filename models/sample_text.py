"""A text to measure with: written for this, so that no model has seen it; English and Chinese."""

SAMPLE = """\
The harbour of Bergen froze only twice in the nineteenth century, and both winters were \
remembered for what they cost. In 1838 the ice held forty ships for eleven weeks; flour rose to \
three times its price, and the council opened the grain store that had been locked since the war. \
A clerk wrote down what each household received: two pounds of barley for an adult, one for a \
child, nothing for those who kept a cow. When the thaw came, the first boat to leave carried \
dried cod to Bilbao and came back with salt, oranges and a letter that nobody in the customs \
house could read.

图书馆的地下室里存放着一百多年前的地图。管理员说，纸张最怕的不是时间，而是潮湿和光线，所以窗户一直用厚布遮着，\
温度保持在十八度左右。每年春天，他们把地图一张一张地取出来，检查边缘有没有发霉，再用软毛刷轻轻扫去灰尘。\
有一张地图画的是长江下游的水道，上面用红笔标出了三处浅滩，旁边写着：“丰水季节可以通行，枯水季节必须绕道。”\
后来的测量证明，这三处标记只有一处画错了。

A pump of this type is rated for 2,400 litres an hour at a head of six metres. If the flow drops \
by more than a tenth, check the strainer first, then the foot valve, and only then the impeller: \
in our records, four of five complaints were a blocked strainer. Do not run the pump dry for \
longer than thirty seconds. The seal is cooled by the water that it moves, and a seal that has \
run hot once will leak within the year.
"""
