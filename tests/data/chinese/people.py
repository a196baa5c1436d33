"""People who do not exist, as a Chinese hospital would write them down, and what becomes of them."""

from datetime import date, datetime, timedelta, timezone

# Counties that had lost their code by the end of 1982. The first resident ids were given in 1984, so that no
# number that begins with one of these was ever anybody's, whatever the date of birth in it.
ABOLISHED = (
    "110201 120202 132726 142522 152424 222123 310203 322421 332222 342526 352730 362633 372226 412425 "
    "422122 432324 442721 452422 512429 522721 532321 540129 612225 622721 642121 652321"
).split()

# Divisions of today, and a postal code of each.
PLACES = [
    ("110105", "北京市朝阳区", "100020"),
    ("120104", "天津市南开区", "300100"),
    ("210102", "辽宁省沈阳市和平区", "110001"),
    ("230102", "黑龙江省哈尔滨市道里区", "150010"),
    ("310115", "上海市浦东新区", "200120"),
    ("320106", "江苏省南京市鼓楼区", "210009"),
    ("330106", "浙江省杭州市西湖区", "310013"),
    ("340104", "安徽省合肥市蜀山区", "230031"),
    ("350203", "福建省厦门市思明区", "361001"),
    ("360102", "江西省南昌市东湖区", "330006"),
    ("370202", "山东省青岛市市南区", "266071"),
    ("410105", "河南省郑州市金水区", "450003"),
    ("420111", "湖北省武汉市洪山区", "430070"),
    ("430104", "湖南省长沙市岳麓区", "410013"),
    ("440106", "广东省广州市天河区", "510630"),
    ("440511", "广东省汕头市金平区", "515041"),
    ("450103", "广西壮族自治区南宁市青秀区", "530022"),
    ("460106", "海南省海口市龙华区", "570105"),
    ("500103", "重庆市渝中区", "400010"),
    ("510107", "四川省成都市武侯区", "610041"),
    ("520102", "贵州省贵阳市南明区", "550002"),
    ("530102", "云南省昆明市五华区", "650032"),
    ("610113", "陕西省西安市雁塔区", "710061"),
    ("620102", "甘肃省兰州市城关区", "730030"),
    ("650102", "新疆维吾尔自治区乌鲁木齐市天山区", "830002"),
]
STREETS = "幸福路 人民路 建设路 解放街 和平街 文化路 新华街 光明巷 青年路 胜利大街".split()

SURNAMES = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 欧阳 司马".split()
GIVEN = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 兰 霞 平 刚 桂英 秀英 建国 建华 小明 志强 玉兰 晓东 "
    "春梅 海燕 文博 雨欣 子涵 浩然 思远 佳怡 嘉豪 雅琴"
).split()
MINORITY = "买买提·艾力 阿卜杜拉·买买提 古丽·热合曼 迪丽·努尔 阿依夏木·吐尔逊 扎西·次仁 巴特·乌云".split()

# Plain characters to full-width ones.
FULL_WIDTH = str.maketrans("0123456789X-+/() ", "０１２３４５６７８９Ｘ－＋／（）\u3000")


class Luck:
    """Draws of which Python promises that they stay the same for ever: it does so of `random()` alone."""

    def __init__(self, random):
        self.random = random

    def below(self, count):
        return int(self.random() * count)

    def pick(self, things):
        return things[self.below(len(things))]

    def chance(self, share):
        return self.random() < share

    def day(self, first, last):
        """A day, and never the first of January, which stands for an unknown one."""
        day = first + timedelta(days=self.below((last - first).days + 1))
        return day if (day.month, day.day) != (1, 1) else day + timedelta(days=1)


def check_character(digits):
    """The last character of a resident id, by ISO 7064 MOD 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, weights)) % 11]


def with_check(digits):
    return digits + check_character(digits)


def micros(local):
    """Microseconds since 1970 UTC of a time in China after its last summer time."""
    moment = datetime.fromisoformat(local).replace(tzinfo=timezone(timedelta(hours=8)))
    return int(moment.timestamp()) * 1_000_000


class Record:
    """What the hospital sends, `raw`, and what is expected of it.

    `patient` is the canonical patient in part, `issues` are the codes of all that is found, and `dirt` says
    what is wrong with the record, or out of the ordinary.
    """

    def __init__(self, number, luck):
        self.number, self.luck = number, luck
        self.dirt, self.issues = [], set()
        self.is_male = luck.chance(0.5)
        self.birth = luck.day(date(1940, 1, 2), date(2023, 12, 28))
        self.raw, self.patient = {}, {}
        self.name(self.new_name())
        self.raw["xb"] = "男" if self.is_male else "女"
        self.patient["gender"] = "male" if self.is_male else "female"
        self.raw["csrq"] = self.patient["birth_date"] = self.birth.isoformat()
        self.id = self.new_id()
        self.set_id(self.id)
        self.phone = f"1390000{number + 1:04}"
        self.raw["lxdh"] = self.phone
        self.patient["phones"] = ["+86" + self.phone]
        self.set_address()
        self.set_contact()
        self.set_codes()
        self.set_number()
        self.raw["gxsj"] = (
            f"2024-{luck.below(5) + 1:02}-{luck.below(28) + 1:02} {luck.below(24):02}:{luck.below(60):02}:00"
        )
        self.patient["order"] = {"updated_at": micros(self.raw["gxsj"])}
        self.patient["deceased"] = None

    def set_number(self):
        number = f"{100000 + self.number:08}"
        self.raw = {"blh": number, **self.raw}
        self.patient = {"patient_id": number, **self.patient}

    def set_address(self, place=None):
        self.code, self.place, postal = place or self.luck.pick(PLACES)
        self.street = f"{self.luck.pick(STREETS)}{self.luck.below(300) + 1}号"
        text = self.place + self.street
        self.raw |= {"xzz": text, "xzqhdm": self.code, "yb": postal}
        self.patient["addresses"] = [{"text": text, "division_code": self.code, "postal_code": postal}]

    def set_contact(self):
        self.patient["contacts"] = []
        if self.luck.chance(0.3):
            phone = f"1380001{self.number:04}"
            name, relation = self.new_name(), self.luck.pick(["父亲", "母亲", "配偶", "儿子", "女儿"])
            self.raw |= {"lxrxm": name, "lxrgx": relation, "lxrdh": phone}
            self.patient["contacts"] = [{"name": name, "relation": relation, "phone": "+86" + phone}]

    def set_codes(self):
        married = "10" if self.birth.year > 2000 else self.luck.pick(["10", "20", "20", "30", "40"])
        word = {"10": "未婚", "20": "已婚", "30": "丧偶", "40": "离婚"}[married]
        people = self.luck.pick(["01", "01", "01", "02", "03", "05", "11", "15"])
        self.raw |= {"gj": "中国", "mzdm": people, "hyzk": word}
        self.patient |= {"nationality": "CHN", "ethnicity": people, "marital_status": married}

    def new_name(self):
        if self.luck.chance(0.06):
            return self.luck.pick(MINORITY)
        return self.luck.pick(SURNAMES) + self.luck.pick(GIVEN)

    def sequence(self):
        """Three digits, odd for men; the number of the record is in them, so that no id occurs twice."""
        return f"{(self.number * 2 + self.is_male) % 1000:03}"

    def new_id(self, division=None, birth=None):
        division = division or self.luck.pick(ABOLISHED)
        return with_check(division + (birth or self.birth.strftime("%Y%m%d")) + self.sequence())

    # What dirt does, too.

    def name(self, raw, canonical=None):
        self.raw["xm"] = raw
        self.patient["name"] = {"text": canonical or raw}

    def set_id(self, raw, canonical=None):
        self.raw["sfzh"] = raw
        self.patient["identifiers"] = [{"type": "01", "value": canonical or raw}]

    def born(self, raw, canonical):
        self.raw["csrq"] = raw
        self.patient["birth_date"] = canonical.isoformat()

    def without_id(self):
        self.raw.pop("sfzh", None)
        self.patient["identifiers"] = []
        self.issues.add("RESIDENT_ID_ABSENT")

    def with_document(self, kind, raw, canonical=None, code=None):
        """Another document in the place of the resident id."""
        self.without_id()
        self.raw |= {"zjlx": kind, "zjhm": raw}
        self.patient["identifiers"] = [{"type": code or kind, "value": canonical or raw}]

    def move(self, birth):
        """The same person with another date of birth."""
        self.birth = birth
        self.born(birth.isoformat(), birth)
        self.id = self.new_id()
        self.set_id(self.id)
