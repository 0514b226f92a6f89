#!/bin/sh
# Makes, in this folder, the archives of classes that Java machines of the fast way map instead of loading the classes:
# compiler.jsa for the compile server, program.jsa for programs. They fit this machine's Java only.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)

# The compile server's: what it loads for a program.
size=$(wc -c <Common.java)
octets=$(printf '\\%03o' $((size >> 24)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))
{ printf "$octets"; cat Common.java; } |
    java -XX:+UseSerialGC -XX:ArchiveClassesAtExit=compiler.jsa -cp "$PWD/compiler.jar" CompileServer >"$work/answer"
[ "$(wc -c <"$work/answer")" -gt 1000 ]

# The programs': what Java keeps for itself, and what programs commonly load; nothing of a program's own.
javac -proc:none -d "$work" Common.java
java -XX:DumpLoadedClassList="$work/loaded" -cp "$work" Main >"$work/output" 2>&1 || grep -q AssertionError "$work/output"
home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
cat "$home/lib/classlist" "$work/loaded" | grep -v -e '^Main' -e ' Main' -e '^#' | awk '!seen[$0]++' >"$work/classes"
java -Xshare:dump -XX:+UseG1GC -XX:SharedClassListFile="$work/classes" -XX:SharedArchiveFile=program.jsa -cp "$work/none"

# Archives that do not fit are passed over in silence, unless asked for.
java -Xshare:on -XX:SharedArchiveFile=program.jsa -XX:+UseG1GC -cp . -version
java -Xshare:on -XX:SharedArchiveFile=compiler.jsa -XX:+UseSerialGC -cp "$PWD/compiler.jar" CompileServer </dev/null
rm -rf "$work"
