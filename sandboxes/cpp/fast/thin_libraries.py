"""Makes thin copies of shared libraries for the linker, which spends most of its time on names that no program uses.

Usage: thin_libraries.py FOLDER NAMES LIBRARY...    makes the copies in FOLDER, and NAMES of what the libraries define.

A copy differs from its library in that the names left out are marked as local to it. Everything else (addresses,
sizes, versions, what the library itself needs) stays, so a program linked with the copies runs with the libraries. A
program that needs a name left out does not link, and is judged plainly; so is one that itself defines one of `names`.
"""

import re
import struct
import sys
from pathlib import Path

# Wide characters, the old string class, most facets of locales, file systems, transactions; internals of the C library
# and its protocols of old; mathematical functions of types that C++11 does not have.
LEFT_OUT = re.compile(
    r"_Z.*(Iw|[KNIR]S[sb]|filesystem|3pmr|money|time_[gp][eu]t|timepunct|codecvt|messages|collate|num_[gp][eu]t|numpunct"
    r"|_GLOBAL__N|__gnu_debug|__parallel|9execution).*|_ZGTt.*"
    r"|_(IO|res|nss|dl|obstack|rpc|seterr|null|mcleanup|flush|authenticate)_.*"
    r"|__(nss|res|ns|dn|loc|rpc|sched|gconv|pthread|twalk|libc_(?!start_main|single)|backtrace)\w*|__\w+_(finite|chk)"
    r"|(xdr|svc|clnt|auth|key|pmap|argp|envz|argz|obstack|inet|ether|if|ns|res|mq|aio|lio|cnd|mtx|thrd|tss)_\w*"
    r"|(get|set|end)(net|serv|proto|rpc|alias|host|ttyent|fsent|sgent|spent|pwent|grent|utmp|utx|utline)\w*"
    r"|\w+f(16|32|64|128)x?\w*|get\w+_r"
)


def thin(library, target):
    """Write the copy of a 64-bit little-endian library; return the names that it defines."""
    data = bytearray(Path(library).read_bytes())
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + size * index) for index in range(count)]
    (symbols,) = (section for section in sections if section[1] == 11)  # SHT_DYNSYM
    (versions,) = (section for section in sections if section[1] == 0x6FFFFFFF)  # SHT_GNU_versym
    texts = sections[symbols[6]][4]
    names = []
    for index in range(symbols[5] // 24):
        start, kind, _, section = struct.unpack_from("<IBBH", data, symbols[4] + 24 * index)
        if section and kind >> 4:  # defined, not local
            name = data[texts + start : data.index(0, texts + start)].decode()
            names.append(name)
            if LEFT_OUT.fullmatch(name):
                struct.pack_into("<H", data, versions[4] + 2 * index, 0)  # VER_NDX_LOCAL
    Path(target).write_bytes(data)
    return names


def main(folder, names, libraries):
    """Make the copies and the list of names."""
    found = set()
    for library in libraries:
        found.update(thin(library, Path(folder, Path(library).name)))
    Path(names).write_text("".join(f"{name}\n" for name in sorted(found)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
