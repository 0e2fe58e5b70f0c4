#!/bin/sh
# bare.sh: the core compiled freestanding by the machine's own compiler; it may ask
# for mem* and its own symbols alone, and keeps no static variable.
dir=build/bare/host
mkdir -p $dir
passed=0 failed=0
for f in $(ls csrc/*.c | sed 's,csrc/,,; s,\.c$,,; /^lua_/d; /^port_/d'); do
  if ${CC:-gcc} -std=c11 -Wall -Wextra -Werror -Os -ffreestanding -fno-stack-protector \
    -fno-pic -nostdlib -Icsrc -c csrc/$f.c -o $dir/$f.o; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done
foreign=$(nm $dir/*.o | awk '
  NF == 3 { own[$3] = 1 }
  NF == 3 && $2 ~ /^[dDbBC]$/ { print "static " $3 }
  NF == 2 && $1 == "U" { asked[$2] = 1 }
  END { for (s in asked) if (!own[s] && s !~ /^mem(cpy|move|set|cmp|chr)$/) print s }')
if [ -z "$foreign" ]; then passed=$((passed + 1)); else
  failed=$((failed + 1))
  echo "the core asks for:" $foreign
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
