"""Dirt in names, and in the characters of any text."""

import unicodedata

from kinds import kind
from people import GIVEN, MINORITY, SURNAMES


def spaced(record, mark):
    """A Han name with something between its family name and the rest."""
    family, given = record.luck.pick(SURNAMES), record.luck.pick(GIVEN)
    record.name(family + mark + given, family + given)


@kind("name: separator", "name", ["•", "・", "‧", ".", "．", "･"])
def separator(record, mark):
    name = record.luck.pick(MINORITY)
    record.name(name.replace("·", mark), name)


@kind("name: separator among spaces", "name", [" · ", "• ", "　・"])
def separator_among_spaces(record, mark):
    name = record.luck.pick(MINORITY)
    record.name(name.replace("·", mark), name)


@kind("name: spaces between Han characters", "name", [" ", "\u3000", "  ", "\u00a0", "\u2003", "\t"])
def spaces(record, mark):
    spaced(record, mark)


@kind(
    "name: invisible characters",
    "name",
    ["\u200b", "\ufeff", "\u200d", "\u202a", "\u2060", "\u00ad", "\u0007"],
)
def invisible(record, mark):
    spaced(record, mark)


@kind("name: spaces around", "name", [" {} ", "\u3000{}\u3000", "{}\n"])
def spaces_around(record, form):
    record.name(form.format(record.raw["xm"]), record.raw["xm"])


@kind("name: under another key", "name", repeat=2)
def other_key(record, _):
    record.raw["hzxm"] = record.raw.pop("xm")


@kind("name: rare characters", "name", ["𠅤", "𠮷", "𬭳", "𡈽", "\ue1a3", "\uf8ff"])
def rare(record, character):
    record.name(record.luck.pick(SURNAMES) + character)
    record.issues.add("NAME_HAS_RARE_CHARACTERS")


@kind("name: rare characters of the basic plane", "name", ["㛃", "㐀", "﨑", "〇", "䶮", "\uf92c"])
def rare_in_the_basic_plane(record, character):
    name = record.luck.pick(SURNAMES) + character
    record.name(name, unicodedata.normalize("NFC", name))


@kind("name: digits and signs", "name", ["张三2", "李四１", "张*", "王＊＊", "陈@伟", "吴_芳"])
def digits(record, name):
    record.name(name, unicodedata.normalize("NFKC", name))
    record.issues.add("NAME_HAS_ODD_CHARACTERS")


@kind("name: of a test", "name", ["测试", "测试患者", "张测试", "测试０１"])
def test_name(record, name):
    record.name(name, unicodedata.normalize("NFKC", name))
    record.issues.add("NAME_HAS_ODD_CHARACTERS")


@kind("name: of nobody yet", "name", ["无名氏", "未命名", "新生儿", "王芳之子", "李娜之女", "张静之婴"])
def placeholder(record, name):
    record.name(name)
    record.issues.add("NAME_IS_PLACEHOLDER")


@kind("name: of nobody yet, in English", cases=["Baby boy", "BABY GIRL WANG", "John Doe"])
def placeholder_in_english(record, name):
    record.name(name)
    record.without_id()
    record.issues.add("NAME_IS_PLACEHOLDER")


@kind("name: one character", "name", ["李", "　张 ", "欧"])
def one_character(record, name):
    record.name(name, name.strip())
    record.issues.add("NAME_LENGTH_UNLIKELY")


@kind("name: too long", "name", repeat=2)
def too_long(record, _):
    record.name("·".join(["阿卜杜拉"] * 11))
    record.issues.add("NAME_LENGTH_UNLIKELY")


@kind("name: Latin beside a resident id", "name", ["Zhang Wei", "ＷＡＮＧ　Ｆａｎｇ", "Li  Na"])
def latin(record, name):
    record.name(name, " ".join(unicodedata.normalize("NFKC", name).split()))
    record.issues.add("NAME_SCRIPT_UNLIKELY")


@kind("name: Han beside a passport alone", repeat=3)
def han_with_passport(record, _):
    record.with_document("护照", f"E{80000000 + record.number}", code="03")
    record.issues.add("NAME_SCRIPT_UNLIKELY")


@kind("name: missing", cases=["", None, "absent", "\u3000", "\u200b"])
def missing(record, case):
    if case == "absent":
        del record.raw["xm"]
    else:
        record.raw["xm"] = case
    record.issues.add("NAME_MISSING")


def broken(record, damage, code):
    """A name as a wrong character set leaves it. What it says is nobody's wish."""
    while True:
        name = damage(record.luck.pick(SURNAMES) + record.luck.pick(GIVEN))
        if name is not None and not any(map(is_odd_or_rare, name)):
            break
    record.raw["xm"] = name
    del record.patient["name"]
    record.issues.add(code)


def is_odd_or_rare(character):
    """Fractions, raised digits, private-use characters and those beyond the basic plane are found as such."""
    return character.isnumeric() or unicodedata.category(character) == "Co" or character > "\uffff"


@kind("charset: GBK read as UTF-8", repeat=6)
def gbk_as_utf8(record, _):
    def damage(name):
        read = name.encode("gbk").decode("utf-8", "replace")
        return read if "\ufffd" in read else None

    broken(record, damage, "TEXT_UNDECODABLE")


@kind("charset: UTF-8 read as Latin-1", cases=["latin-1", "cp1252"], repeat=2)
def utf8_as_latin(record, charset):
    def damage(name):
        try:
            return name.encode().decode(charset)
        except UnicodeDecodeError:
            return None

    broken(record, damage, "TEXT_IS_MOJIBAKE")


@kind("charset: UTF-8 read as GBK", cases=[2, 4], repeat=2)
def utf8_as_gbk(record, _):
    """Of two characters the bytes are three of GBK; of three, one byte is left."""

    def damage(name):
        try:
            return name.encode().decode("gbk") if len(name) == 2 else None
        except UnicodeDecodeError:
            return None

    broken(record, damage, "TEXT_IS_MOJIBAKE")


@kind("charset: UTF-8 read as GBK, with a byte left", cases=["?", "\ufffd"], repeat=2)
def utf8_as_gbk_with_a_byte_left(record, left):
    def damage(name):
        try:
            return name.encode()[:8].decode("gbk") + left if len(name) == 3 else None
        except UnicodeDecodeError:
            return None

    broken(record, damage, "TEXT_IS_MOJIBAKE" if left == "?" else "TEXT_UNDECODABLE")


@kind("charset: replacement characters saved again", cases=["锟斤拷", "锟斤拷锟斤拷"])
def saved_again(record, name):
    record.name(name)
    record.issues.add("TEXT_IS_MOJIBAKE")


@kind("charset: question marks", cases=["??", "王??", "???"])
def question_marks(record, name):
    record.name(name)
    record.issues.add("TEXT_HAS_QUESTION_MARKS")


@kind("charset: broken address", cases=["\ufffd\ufffd·", "??", "UTF-8"])
def broken_address(record, case):
    if case == "UTF-8":
        text, code = "广州市天河区".encode().decode("gbk"), "TEXT_IS_MOJIBAKE"
    else:
        text, code = record.place + case + record.street, (
            "TEXT_UNDECODABLE" if "\ufffd" in case else "TEXT_HAS_QUESTION_MARKS"
        )
    record.raw["xzz"] = text
    del record.patient["addresses"]
    record.issues.add(code)


@kind("charset: NUL", cases=["xm", "xzz", "lxdh", "mzdm"])
def nul(record, key):
    record.raw[key] = record.raw[key] + "\0"
    record.issues.add("TEXT_HAS_NUL")
