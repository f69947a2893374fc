"""What a core dump of a running process would hold."""
import glob
import os
import re
import shutil
import subprocess

import gate

PAGE = os.sysconf("SC_PAGE_SIZE")
THERE = 0xC0  # in the last byte of a pagemap entry: present or swapped
SHADOW = 1 << 40  # a sanitizer's map of everything: no dump of a debugger ends


def runs(entries):
    """Pages (from, to) that are there."""
    first = None
    for page in range(len(entries) // 8):
        there = entries[page * 8 + 7] & THERE
        if there and first is None:
            first = page
        if not there and first is not None:
            yield first, page
            first = None
    if first is not None:
        yield first, len(entries) // 8


def written_memory(pid):
    """All that the process may have written and that is still there."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory, \
            open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for fields in map(str.split, maps):
            start, end = (int(at, 16) for at in fields[0].split("-"))
            if "w" not in fields[1] or end - start > 1 << 33:
                continue
            pagemap.seek(start // PAGE * 8)
            for first, last in runs(pagemap.read((end - start) // PAGE * 8)):
                memory.seek(start + first * PAGE)
                parts.append(memory.read((last - first) * PAGE))
    return bytes(PAGE).join(parts)


def changes(content, before):
    """The pages of a dump that were not in the one before (what the program brought is in that),
    without long runs of one octet."""
    def pages(image):
        return (image[at:at + PAGE] for at in range(0, len(image), PAGE))
    known = set(pages(before)) | {bytes(PAGE)}
    changed = b"".join(b"\0" if page in known else page for page in pages(content))
    return re.sub(rb"(?s)(.)\1{31,}", rb"\1", changed)


def virtual_size(pid):
    with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
        return int(file.read().split()[0]) * PAGE


def dump(pid, folder):
    """A core dump by the debugger, where there is one that can; else the memory itself."""
    if shutil.which("gcore") is None or virtual_size(pid) > SHADOW:
        return written_memory(pid)
    done = subprocess.run(["gcore", "-o", os.path.join(folder, "dump"), str(pid)],
                          capture_output=True, timeout=gate.LIMIT, check=False)
    found = glob.glob(os.path.join(folder, "dump.*"))
    if done.returncode != 0 or not found:
        return written_memory(pid)
    with open(found[0], "rb") as file:
        content = file.read()
    os.unlink(found[0])
    return content
