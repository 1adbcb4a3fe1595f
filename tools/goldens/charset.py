"""Writes test/goldens/charset.json: element bytes under SpecificCharacterSet (0008,0005) and the texts they mean.

Needs Debian's python3-pydicom and dcmtk:
    /usr/bin/python3 tools/goldens/charset.py

Texts are pydicom's and dcmtk's, which must agree where both can read the case. Debian 12's pydicom 2.3 is
taught ISO_IR 203 and leaves the escape sequences of ISO 2022 IR 58 in the text; its dcmtk, built on iconv, lacks
ISO_IR 203, ISO 2022 IR 87 and 159, and multi-byte sets as value 1.
"""

import json
import os
import subprocess
import tempfile

from pydicom import charset
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "charset.json")

charset.python_encoding["ISO_IR 203"] = charset.python_encoding["ISO 2022 IR 203"] = "iso8859_15"
charset.CODES_TO_ENCODINGS[b"\x1b-b"] = "iso8859_15"

# Term number: Python's codec, escape sequence, words.
SINGLE = {
    "100": ("latin_1", b"-A", "Größe façade niño Åse"),
    "101": ("iso8859_2", b"-B", "krátká osa řez źdźbło őr"),
    "109": ("iso8859_3", b"-C", "ĉirkaŭ ĝardeno ħobż"),
    "110": ("iso8859_4", b"-D", "šķērsgriezums ąžuolas"),
    "126": ("iso8859_7", b"-F", "βραχύς άξονας"),
    "127": ("iso8859_6", b"-G", "المحور القصير"),
    "138": ("iso8859_8", b"-H", "ציר קצר"),
    "144": ("iso8859_5", b"-L", "Короткая ось Люкceмбypг"),
    "148": ("iso8859_9", b"-M", "kısa eksen ğüşöç İ"),
    "166": ("tis_620", b"-T", "แกนสั้น"),
    "203": ("iso8859_15", b"-b", "cœur petit axe Žižkov €"),
}
KANJI, KANA, HANGUL, HANZI = "心臓短軸〜表示", "ｼﾝｿﾞｳ ﾀﾝｼﾞｸ", "심장 단축", "心脏短轴"
JIS, ASCII, ROMAN, KS, GB = b"\x1b$B", b"\x1b(B", b"\x1b(J", b"\x1b$)C", b"\x1b$)A"


def jis(text, back=ASCII, codec="iso2022_jp"):
    """`text` in JIS X 0208 (or 0212) with its escape sequences, ending with `back`."""
    encoded = text.encode(codec)
    return encoded[: -len(ASCII)] + back if encoded.endswith(ASCII) else encoded


def upper(codec):
    """Every byte from 0xa1 on that has a character, in rows of 8."""
    defined = [b for b in range(0xA1, 0x100) if bytes([b]).decode(codec, "ignore")]
    return [bytes(defined[i : i + 8]) for i in range(0, len(defined), 8)]


def single_byte():
    for number, (codec, sequence, words) in SINGLE.items():
        plain, escaped = f"ISO_IR {number}", ["", f"ISO 2022 IR {number}"]
        yield [plain], "text", words.encode(codec)
        yield [plain], "text", b" ".join(upper(codec))
        encoded = b"\x1b" + sequence + words.encode(codec)
        yield escaped, "text", encoded
        yield escaped, "text", encoded + b"\\sax\r\n" + encoded
        yield escaped, "name", encoded + b"^" + encoded + b"=A^B"


def whole():
    for term, codec, text in [
        ("ISO_IR 192", "utf-8", f"Größe {KANJI}\\{HANGUL} 😀 แกนสั้น"),
        ("GB18030", "gb18030", f"{HANZI}\\{HANGUL} é 侖倀誠丂亐"),
        ("GBK", "gbk", f"{HANZI} 侖倀誠丂亐"),
        ("ISO_IR 13", "shift_jis", KANA),
    ]:
        yield [term], "text", text.encode(codec)
        yield [term], "name", f"Wang^XiaoDong={text}^{text}=".encode(codec)


def japanese():
    sets, kana = ["", "ISO 2022 IR 87"], ["ISO 2022 IR 13", "ISO 2022 IR 87"]
    yield sets, "text", jis(KANJI)
    yield sets, "text", b"SAX " + jis(KANJI) + b" end\\" + jis("短軸") + b"\r\n" + jis("表")
    yield sets, "text", jis("、。・〜‖−¢£¬ＡＢＣαβγЖ─")
    yield sets, "name", b"Yamada^Tarou=" + jis("山田") + b"^" + jis("太郎") + b"=" + jis("やまだ") + b"^" + jis("たろう")
    # Second bytes 0x5c, 0x5e and 0x3d.
    yield sets, "name", b"A=" + jis("秀修就淑") + b"^" + jis("曙助臓尚")
    yield kana, "text", KANA.encode("shift_jis") + jis(KANJI, ROMAN) + b" SAX " + KANA.encode("shift_jis")
    yield kana, "name", "ﾔﾏﾀﾞ^ﾀﾛｳ=".encode("shift_jis") + jis("山田", ROMAN) + b"^" + jis("太郎", ROMAN)
    yield ["", "ISO 2022 IR 13"], "text", b"a\x1b)I" + KANA.encode("shift_jis")
    more = ["", "ISO 2022 IR 87", "ISO 2022 IR 159"]
    yield more, "text", jis("心鷗", codec="iso2022_jp_2") + jis("丂侚"[:1], codec="iso2022_jp_2") + b" x"
    yield more[::2], "text", jis("丂侚俍鷗", codec="iso2022_jp_2")


def korean_and_chinese():
    for sets, sequence, codec, text in [
        (["", "ISO 2022 IR 149"], KS, "euc_kr", HANGUL),
        (["", "ISO 2022 IR 58"], GB, "gb2312", HANZI),
    ]:
        encoded = sequence + text.encode(codec)
        yield sets, "text", encoded
        yield sets, "text", encoded + b" (SAX)\r\n" + encoded + b"\r\n\tplain"
        yield sets, "text", encoded + b"\\" + encoded
        yield sets, "name", b"Hong^Gildong=" + encoded + b"^" + encoded + b"=" + encoded + b"^" + encoded
        if codec == "euc_kr":
            yield sets[1:], "text", encoded


def mixed():
    cyrillic, greek, latin = "Люкceмбypг".encode("iso8859_5"), "Διονυσιος".encode("iso8859_7"), "Größe".encode("latin_1")
    sets = ["ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"]
    yield sets, "name", latin + b"^\x1b-L" + cyrillic + b"^\x1b-F" + greek + b"=" + latin
    yield sets, "text", latin + b" \x1b-L" + cyrillic + b" \x1b-F" + greek + b" \x1b-A" + latin
    yield sets, "name", b"\x1b-L" + cyrillic + b"^" + latin + b" \x1b-F" + greek + b"=" + latin + b"^" + latin
    yield sets, "text", b"\x1b-L" + cyrillic + b"^\r\n" + latin + b"\x1b-F" + greek + b"\t" + latin + b"\f" + latin
    many = ["ISO 2022 IR 144", "ISO 2022 IR 87", "ISO 2022 IR 149"]
    yield many, "text", cyrillic + jis(KANJI) + b" " + KS + HANGUL.encode("euc_kr") + b"\n" + cyrillic


MULTIBYTE = {"ISO 2022 IR 87", "ISO 2022 IR 159", "GB18030", "GBK"}


def by_pydicom(sets, kind, value):
    delimiters = PN_DELIMS if kind == "name" else TEXT_VR_DELIMS
    encodings = charset.convert_encodings(list(sets))
    # pydicom splits into values before it decodes; a component group of PN is decoded by itself.
    split = b"=" if kind == "name" else b"\\"
    # Not where these bytes may be halves of characters, which pydicom's own splitting breaks.
    parts = value.split(split) if MULTIBYTE.isdisjoint(sets) else [value]
    return split.decode().join(charset.decode_bytes(part, encodings, delimiters) for part in parts)


def element(group, number, vr, value):
    value += b" " * (len(value) % 2)
    header = group.to_bytes(2, "little") + number.to_bytes(2, "little")
    return header + vr + len(value).to_bytes(2, "little") + value


def by_dcmtk(sets, kind, value):
    tag = (0x0010, 0x0010, b"PN") if kind == "name" else (0x0008, 0x103E, b"LO")
    body = element(8, 5, b"CS", "\\".join(sets).encode()) + element(*tag, value)
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in"), os.path.join(folder, "out")
        with open(source, "wb") as file:
            file.write(body)
        subprocess.run(["dcmconv", "-f", "-te", "+U8", "-F", source, target], check=True, capture_output=True)
        with open(target, "rb") as file:
            out = file.read()
    at = out.index(element(*tag, b"")[:6])
    text = out[at + 8 : at + 8 + int.from_bytes(out[at + 6 : at + 8], "little")].decode()
    return text.rstrip(" ")


def readers(sets):
    if "ISO 2022 IR 58" in sets:
        return [by_dcmtk]
    if any(term.endswith(("IR 87", "IR 159", "IR 203")) for term in sets) or sets == ["ISO 2022 IR 149"]:
        return [by_pydicom]
    return [by_pydicom, by_dcmtk]


def main():
    cases = []
    for family in (single_byte, whole, japanese, korean_and_chinese, mixed):
        for sets, kind, value in family():
            texts = {read(sets, kind, value) for read in readers(sets)}
            if len(texts) != 1:
                raise SystemExit(f"pydicom and dcmtk disagree on {value!r} in {sets}: {texts}")
            cases.append({"characterSets": sets, "kind": kind, "bytes": value.hex(), "text": texts.pop()})
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")
    print(len(cases), "cases")


main()
