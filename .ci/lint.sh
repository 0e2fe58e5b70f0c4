#!/bin/sh
# lint.sh: luacheck, the C compiler's warnings as errors, layout. One count a file.
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() {
  failed=$((failed + 1))
  echo "lint: $1"
}

all=$(.ci/files.sh -o)
lua_files=$(echo "$all" | grep -E '\.lua$')
c_files=$(echo "$all" | grep -E '\.[ch]$')

for f in $lua_files; do
  if said=$(luacheck -qq --no-color --no-cache "$f"); then good; else
    echo "$said"
    bad "$f: luacheck"
  fi
done

# Each file compiled once more with optimisation, as some warnings need it; what is
# installed also goes through gcc's analyzer.
analyze=
$CC -fanalyzer -x c -fsyntax-only /dev/null 2>/dev/null && analyze=-fanalyzer
lua_inc=$(pkg-config --cflags lua5.4)
for f in $c_files; do
  case $f in
  csrc/*.c) extra=$analyze ;;
  spec/c/*.c | spec/fuzz/*.c | spec/bench/*.c | .ci/*.c) extra= ;;
  *) continue ;;
  esac
  if $CC -std=c11 $WARN -Werror -O2 $extra -Icsrc -Ispec/c -Ispec/fuzz $lua_inc \
    -c "$f" -o /dev/null; then good; else bad "$f: warnings"; fi
done

if command -v clang-format >/dev/null; then
  for f in $c_files; do
    if clang-format --dry-run -Werror "$f" 2>/dev/null; then good; else
      bad "$f: make format would change it"
    fi
  done
else
  echo "lint: no clang-format here, layout of C not looked at"
fi

for f in $c_files $lua_files; do
  why=$(expand "$f" | awk '
    length($0) > 100 && !long { long = NR }
    / $/ && !blank { blank = NR }
    END {
      if (NR >= 500) print "has " NR " lines"
      if (long) print "line " long " has over 100 columns"
      if (blank) print "line " blank " ends in a blank"
    }' | tr '\n' ';')
  if [ -z "$why" ]; then good; else bad "$f: $why"; fi
done

for f in $all; do
  case $f in
  csrc/* | lua/* | rockspec/* | spec/* | examples/* | bin/* | docs/* | .ci/*) ;;
  Makefile | README.md | LICENSE | CHANGELOG.md | .luacheckrc | .busted | .clang-format) ;;
  .gitignore | .editorconfig) ;;
  *) bad "$f: does not belong here" ;;
  esac
done
for f in .ci/*.sh .ci/run bin/bc260y; do
  if sh -n "$f" && [ -x "$f" ]; then good; else bad "$f: not a script that runs"; fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
