#!/bin/sh
# files.sh: the project's files, one a line: what git knows or would add, or, where
# git has no say (an unpacked archive), everything outside build/.
git ls-files -co --exclude-standard 2>/dev/null | while read -r f; do
  [ -e "$f" ] && echo "$f"
done | grep . || find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
