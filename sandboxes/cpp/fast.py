"""C++'s fast way: the compiler, the assembler and the linker as processes forked from ones that have begun already.

The compiler's server has read the nine headers that every program starts with, and knows which instantiations of their
templates are ready-made in a library (fast/extern_list.h). The code of the program itself is what g++ would make of it,
and the executable is linked and started as the plain one is.

What could tell the two ways apart is declined: any complaint of a tool, even a warning; a program that does anything
before the last of the nine headers but include, or includes what is no header of the system; directives, names and
symbols that the two ways would treat differently.
"""

import os
import re
import shlex

from fastpath import Declined, FastPath
from processes import ENVIRONMENT, MEGABYTE

PARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fast")
NINE = frozenset(("stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits", "cstring", "iostream"))
MORE = """
    array atomic bitset cassert cctype cerrno cfenv cfloat chrono cinttypes ciso646 clocale cmath complex
    condition_variable csetjmp csignal cstdarg cstdbool cstddef cstdint cstdio cstdlib ctime cwchar cwctype deque
    exception forward_list fstream functional future initializer_list iomanip ios iosfwd istream iterator limits list
    locale map memory mutex new numeric ostream queue random ratio regex set sstream stack stdexcept streambuf
    system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray
    assert.h ctype.h errno.h float.h inttypes.h iso646.h limits.h locale.h setjmp.h signal.h stdarg.h stdbool.h stddef.h
    stdint.h string.h strings.h time.h unistd.h wchar.h wctype.h sys/time.h sys/types.h
    bits/stdc++.h boost/any.hpp openssl/md5.h
"""
HEADERS = NINE.union(MORE.split())
HEAD = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/ | \#[ \t]*include[ \t]*<([^<>\n]+)>[ \t]*\n | using[ ]namespace[ ]std;""",
    re.DOTALL | re.VERBOSE,
)
SPLICE = re.compile(r"\\[ \t\v\f\r]*\n")
DIRECTIVE = re.compile(r"(?:#|%:)\s*(\w+|/[/*])")
INCLUDE = re.compile(r"(?:#|%:)[ \t]*include[ \t]*<([^<>\n]+)>[ \t]*(?:\n|\Z)")
SUSPECT_DIRECTIVES = frozenset(("include_next", "import", "pragma", "line", "ident", "sccs", "assert", "unassert"))
SUSPECT = re.compile(
    r"\b(?:asm|_*asm_*|_Pragma|__COUNTER__|__BASE_FILE__|__INCLUDE_LEVEL__|__TIME__|__DATE__|__TIMESTAMP__|__has_include"
    r"|__attribute(?:__)?|dlopen|dlsym|dl_iterate_phdr|backtrace\w*|_dl_\w+)\b|\b(?:__)?gnu(?:__)?\s*::|\?\?[=/]|/proc/"
    r"|\bnamespace\s+(?:std|__gnu_cxx)\b(?!\s*;)"  # what stands there could change what the templates of the library do
)
# What the compiler may say: a function that seems to run off its end returns the same number both ways if it does (but
# of a class what lay in memory).
TOLERATED = re.compile(
    r"(In file included from stub\.cpp:\d+:\n"
    r"|main\.cpp: In function .(bool|char|int|long int|long long int|float|double) \w+\(.*\).:\n"
    r"|main\.cpp:\d+:\d+: warning: control reaches end of non-void function \[-Wreturn-type\]\n)*"
)
# Assembly: symbols for others to see (templates' instances are weak instead), those defined, objects without contents.
GLOBAL = re.compile(rb"^\t\.globa?l\t(\S+)$", re.MULTILINE)
LABEL = re.compile(rb"^([^\s:]+):", re.MULTILINE)
STANDARD = re.compile(rb"_Z(N[VK]*)?S[tabsiod]")  # it is in the namespace std
EMPTY = re.compile(rb"^\t\.(?:zero\t|l?comm\t[^,\n]+,)([0-9]{7,})", re.MULTILINE)
EMPTY_BYTES = 1 << 29  # of more, the linkers differ in what they can address
NEAR = 0.3  # of a limit: the plain way may exceed it
PLAIN = ("g++", "-std=c++11", "-o", "main", "start.cpp", "main.cpp", "-Wl,--wrap=__libc_start_main")


class Fast(FastPath):
    """Compiles, assembles, links and runs program after program."""

    def __init__(self, bench):
        super().__init__(bench)
        self._linking = read_line("link")
        with open(os.path.join(PARTS, "names"), "rb") as file:
            self._names = frozenset(file.read().split())
        self._servers = []
        for argv, library in (
            (["env", "-C", PARTS, *read_line("compile")], ""),
            (read_line("assemble"), "assemble_server.so"),
            (self._linking, "link_server.so"),
        ):
            preloaded = {"LD_PRELOAD": os.path.join(PARTS, library)} if library else {}
            try:
                self._servers.append(bench.fork_server(argv, {**ENVIRONMENT, **preloaded}))
            except RuntimeError:
                for server in self._servers:
                    server.stop()
                raise

    def run(self, program):
        """The facts about a program that lies in the sample's folder. Raises Declined."""
        compiling, running = program["steps"]
        look_at(program["files"]["main.cpp"])
        arguments = (*map(os.path.basename, compiling["argv"][: len(PLAIN)]), *compiling["argv"][len(PLAIN) :])
        libraries = arguments[len(PLAIN) :]
        if arguments[: len(PLAIN)] != PLAIN or not all(name.startswith("-l") for name in libraries):
            raise Declined(f"this is not how programs are compiled: {shlex.join(compiling['argv'])}")
        compiler, assembler, linker = self._servers
        step = {**compiling, "marker": False}
        assembly = os.memfd_create("assembly")
        try:
            self._make(step, compiler, (assembly,))
            size = os.fstat(assembly).st_size
            if size > NEAR * step["disk_mb"] * MEGABYTE:
                raise Declined("it has much to assemble")
            look_at_assembly(os.pread(assembly, size, 0), self._names)
            os.lseek(assembly, 0, os.SEEK_SET)
            target = os.open(f"{self.bench.folder}/main.o", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                self._make(step, assembler, (assembly, target))
            finally:
                os.close(target)
        finally:
            os.close(assembly)
        if libraries:
            self._make({**step, "argv": [*self._linking, *libraries]}, None)
        else:
            self._make(step, linker)
        return self.bench.execute(running)

    def _make(self, step, start, extras=()):
        facts = self.bench.execute(step, start, extras)
        said = facts["stderr"] or facts["stdout"]
        if facts["exit_code"] != 0 or facts["limit_hit"] or not TOLERATED.fullmatch(said):
            why = facts["limit_hit"] or said[:500] or facts["exit_code"] or facts["signal"]
            raise Declined(f"the tools complain: {why}")
        if facts["peak_mb"] > NEAR * step["memory_mb"]:
            raise Declined("it takes much memory to compile")


def read_line(name):
    """A command that build.sh wrote down."""
    with open(os.path.join(PARTS, f"{name}.line"), encoding="utf-8") as file:
        return shlex.split(file.read())


def look_at(source):
    """Raises Declined for a program whose source the two ways may see differently."""
    wanted, position = set(NINE), 0
    while wanted:
        found = HEAD.match(source, position)
        if not found:
            raise Declined("something stands before the nine headers")
        wanted.discard(found[1])
        position = found.end()
    if SPLICE.search(source, 0, position):
        raise Declined("a line goes on before the nine headers")
    spliced = SPLICE.sub("", source)
    suspect = SUSPECT.search(spliced)
    if suspect:
        raise Declined(f"it holds {suspect[0]}")
    for found in DIRECTIVE.finditer(spliced):
        word = found[1]
        if word == "include":
            header = INCLUDE.match(spliced, found.start())
            if not header or header[1].strip() not in HEADERS:
                raise Declined("it includes something of its own")
        elif word in SUSPECT_DIRECTIVES or word[0] == "/" or (word[0].isdigit() and begins(spliced, found.start())):
            raise Declined(f"it holds #{word}")


def begins(source, position):
    """Whether a directive may stand there: after nothing or a comment in its line."""
    before = source[source.rfind("\n", 0, position) + 1 : position]
    return not before.strip() or "*/" in before


def look_at_assembly(assembly, names):
    """Raises Declined for a program that defines what a library defines, or too much to be sure of the linker."""
    defined = set(GLOBAL.findall(assembly)).intersection(LABEL.findall(assembly))
    clash = names & defined or {name for name in defined if STANDARD.match(name)}
    if clash:
        raise Declined(f"it defines {min(clash).decode()}")
    if sum(map(int, EMPTY.findall(assembly))) > EMPTY_BYTES:
        raise Declined("its objects are too large")
