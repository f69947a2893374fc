"""SMS PDUs as a network and a phone see them: SUBMIT in, DELIVER and STATUS-REPORT out.

Written from the tables of the specification for the second modem (other_modem.py); it shares
nothing with the daemon or with tests/simulator, so that an error cannot hide in both.
"""
import time

BASIC = ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
         "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXTENSION = {0x0a: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2f: "\\", 0x3c: "[", 0x3d: "~",
             0x3e: "]", 0x40: "|", 0x65: "€"}
BACK = {char: code for code, char in EXTENSION.items()}


class Malformed(Exception):
    """What a network would refuse."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def digits_of(octets, count):
    text = "".join("0123456789*#abcF"[nibble] for octet in octets for nibble in (octet & 15, octet >> 4))
    need(set(text[count:]) <= {"F"}, "address filler")
    need("F" not in text[:count], "filler inside an address")
    return text[:count]


def octets_of(digits):
    padded = digits + "F" * (len(digits) % 2)
    return bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2))


def unpack(octets, n, skip):
    """n septets that begin after skip bits."""
    bits = int.from_bytes(octets, "little") >> skip
    need(skip + 7 * n <= 8 * len(octets), "fewer octets than septets")
    return [bits >> 7 * i & 127 for i in range(n)]


def pack(septets, skip=0):
    bits = sum(septet << skip + 7 * i for i, septet in enumerate(septets))
    return bits.to_bytes((skip + 7 * len(septets) + 7) // 8, "little")


def text_of(septets):
    text, escaped = "", False
    for septet in septets:
        if escaped:
            need(septet in EXTENSION, f"extension {septet:02x}")
            text += EXTENSION[septet]
        elif septet != 0x1b:
            text += BASIC[septet]
        escaped = septet == 0x1b and not escaped
    need(not escaped, "an escape at the end of a part")
    return text


def septets_of(text):
    septets = []
    for char in text:
        if char in BACK:
            septets += [0x1b, BACK[char]]
        elif char in BASIC:
            septets.append(BASIC.index(char))
        else:
            return None
    return septets


def validity_minutes(vp):
    if vp < 144:
        return (vp + 1) * 5
    if vp < 168:
        return 720 + (vp - 143) * 30
    return (vp - 166) * 1440 if vp < 197 else (vp - 192) * 10080


class Submit:
    """One part of a message, as strictly as a service centre takes it."""

    def __init__(self, line, length):
        need(len(line) % 2 == 0 and set(line) <= set("0123456789ABCDEF"), "not upper-case hex")
        self.octets, self.at = bytes.fromhex(line), 0
        smsc = self.take(self.take(1)[0])
        need(len(self.octets) - 1 - len(smsc) == length, "the length of AT+CMGS is another")
        first = self.take(1)[0]
        need(first & 3 == 1, "not a SUBMIT")
        self.report, has_header = bool(first & 0x20), bool(first & 0x40)
        self.take(1)
        self.address()
        need(self.take(1)[0] == 0, "PID")
        self.dcs = self.take(1)[0]
        need(first >> 3 & 3 in (0, 2), "validity neither absent nor relative")
        self.validity = validity_minutes(self.take(1)[0]) if first & 0x18 else None
        self.reference, self.total, self.part = None, 1, 1
        self.body(has_header)

    def take(self, n):
        need(self.at + n <= len(self.octets), "cut off")
        self.at += n
        return self.octets[self.at - n:self.at]

    def address(self):
        count, kind = self.take(2)
        need(1 <= count <= 20, "address length")
        digits = digits_of(self.take((count + 1) // 2), count)
        need(kind in (0x81, 0x91), "type of address")
        self.to = ("+" if kind == 0x91 else "") + digits

    def header(self, octets):
        while octets:
            need(len(octets) >= 2 and len(octets) >= 2 + octets[1], "header element")
            kind, data = octets[0], octets[2:2 + octets[1]]
            need((kind, len(data)) in ((0, 3), (8, 4)), "unknown header element")
            self.reference = int.from_bytes(data[:-2], "big")
            self.total, self.part = data[-2:]
            need(1 <= self.part <= self.total, "part of total")
            octets = octets[2 + len(data):]

    def body(self, has_header):
        length = self.take(1)[0]
        data = self.octets[self.at:]
        need(len(data) <= 140, "more than 140 octets")
        header = 1 + data[0] if has_header else 0
        if has_header:
            self.header(data[1:header])
        if self.dcs == 8:
            need(length == len(data), "UDL")
            self.text = data[header:].decode("utf-16-be")
            return
        need(self.dcs == 0, "DCS")
        need((7 * length + 7) // 8 == len(data), "UDL")
        first = (8 * header + 6) // 7
        self.text = text_of(unpack(data, length - first, 7 * first))


def stamp(moment=None):
    """Service centre time stamp, in UTC."""
    text = time.strftime("%y%m%d%H%M%S", time.gmtime(moment))
    return octets_of(text) + b"\0"


def name_octets(name):
    """A sender that has a name for an address."""
    return bytes([(7 * len(name) + 3) // 4, 0xd0]) + pack(septets_of(name))


def address_octets(number):
    digits = number.lstrip("+")
    return bytes([len(digits), 0x91 if number[0] == "+" else 0x81]) + octets_of(digits)


def framed(tpdu):
    """(length as AT tells it, hex line) without a service centre."""
    return len(tpdu), "00" + tpdu.hex().upper()


def deliver(sender, text, reference=0x1234, address=address_octets):
    """The DELIVERs of a text, parts with a 16-bit reference."""
    septets = septets_of(text)
    units = text.encode("utf-16-be") if septets is None else septets
    whole, piece = (140, 132) if septets is None else (160, 152)
    pieces = [units] if len(units) <= whole else [units[i:i + piece] for i in range(0, len(units), piece)]
    found = []
    for number, unit in enumerate(pieces, 1):
        header = b""
        if len(pieces) > 1:
            header = bytes([6, 8, 4, reference >> 8, reference & 255, len(pieces), number])
        n = len(unit) + len(header) if septets is None else len(unit) + len(header) * 8 // 7
        data = header + unit if septets is None else pack(header_septets(header) + list(unit))
        first = 0x44 if header else 0x04
        found.append(framed(bytes([first]) + address(sender) + bytes([0, 0 if septets else 8])
                            + stamp() + bytes([n]) + data))
    return found


def header_septets(header):
    """A header of 7 octets is 8 septets: no fill bits."""
    return unpack(header, len(header) * 8 // 7, 0)


def status_report(reference, to, status):
    return framed(bytes([0x06, reference]) + address_octets(to) + stamp() + stamp() + bytes([status]))
