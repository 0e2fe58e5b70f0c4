#!/bin/sh
# files.sh [-o]: the project's files, one a line: what git knows, with -o also what it
# would add; or, where git has no say (an unpacked archive), everything outside build/.
git ls-files -c $1 --exclude-standard 2>/dev/null | while read -r f; do
  [ -e "$f" ] && echo "$f"
done | grep . || find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
