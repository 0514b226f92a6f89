#!/bin/sh
# build.sh SOURCES FOLDER: makes in FOLDER what the fast way uses. It must be done with the very compiler that it is
# for, and FOLDER must stay where it is.
set -eu
sources=$1
mkdir -p "$2"
cd "$2"
std=-std=c++11
# The code is the same with warnings. A program that gets one is judged plainly, since what it does may depend on memory
# that it never wrote.
warn="-Wuninitialized -Wmaybe-uninitialized -Wno-deprecated-declarations -fno-diagnostics-show-caret"

for header in stdlib.h algorithm math.h stdio.h vector string climits cstring iostream; do
    echo "#include<$header>"
done >nine.h
cp "$sources/extern.h" "$sources/extern_list.h" .
{ cat nine.h; echo '#include "extern.h"'; } >start.h
: >gate.h
{ echo '#include "start.h"'; cat nine.h; echo '#include "gate.h"'; echo '#include "main.cpp"'; } >stub.cpp
g++ $std $warn -x c++-header start.h -o start.h.gch

g++ -O2 -fPIC -shared -fno-rtti -I"$(g++ -print-file-name=plugin)/include" -I"$sources" \
    -o compile_server.so "$sources/compile_server.cc"
gcc -O2 -fPIC -shared -I"$sources" -o assemble_server.so "$sources/assemble_server.c"
gcc -O2 -fPIC -shared -I"$sources" -o link_server.so "$sources/link_server.c"
g++ $std -fPIC -shared -I. -o libextern.so "$sources/extern.cc"
g++ $std -c -o start.o "$sources/start.cpp"

mkdir thin
for library in libstdc++.so.6 libm.so.6 libgcc_s.so.1 libc.so.6; do
    g++ -print-file-name="$library"
done | xargs python3 "$sources/thin_libraries.py" thin names
ln -s libstdc++.so.6 thin/libstdc++.so
ln -s libm.so.6 thin/libm.so
ln -s libgcc_s.so.1 thin/libgcc_s.so
sed "s|/[^ ]*/libc.so.6|$PWD/thin/libc.so.6|" "$(g++ -print-file-name=libc.so)" >thin/libc.so

# What the compiler's driver would execute, in one line each; of the linker's without what is for its plugins, and with
# the program's object last, where link_server.c needs it.
driven() { "$@" -### 2>&1 | grep '^ ' | tail -n 1; }
driven g++ $std $warn "-fplugin=$PWD/compile_server.so" -fplugin-arg-compile_server-gate=gate.h \
    -S -o /dev/null stub.cpp >compile.line
driven g++ -c -o /dev/null -x assembler /humaneval-x-input >assemble.line
driven g++ $std -o main "$PWD/start.o" "$PWD/libextern.so" "-L$PWD/thin" -Wl,--wrap=__libc_start_main |
    sed -E 's/ -plugin [^ ]+//; s/ "-plugin-opt=[^"]*"//g; s/ --build-id//; s/ -lgcc( |$)/\1/g; s/$/ main.o/' |
    sed -E "s|^ *[^ ]+|$(command -v ld.mold) --no-fork --thread-count=1|" >link.line
