#!/bin/sh
# freestanding.sh: the core for bare Cortex-M: what it asks for, how large it is.
#
# One modem's state is one exchange and the smallest buffer a framer takes; its size
# comes from an array of that size in a file that is compiled and never linked. The
# table of the commands beside the manual's own and the words of the error codes can be
# left out: they count apart. So does the ledger, with a state and buffers of its own.
core=$(ls csrc/*.c | sed 's,csrc/,,; s,\.c$,,; /^lua_/d; /^port_/d')
apart="forms_module error_text"
ledger="crc32c ledger ledger_read ledger_recover"
cross=${CROSS:-arm-none-eabi-}
text_max=16384 apart_max=6144 state_max=4096
ledger_text_max=7168 ledger_record=256 ledger_state_max=1280
passed=0 failed=0
check() { # WHAT STATUS
  if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED: $1"
  fi
}

for cpu in cortex-m0 cortex-m4; do
  dir=build/bare/$cpu
  mkdir -p "$dir"
  cflags="-std=c11 -Wall -Wextra -Os -mcpu=$cpu -mthumb -ffreestanding
    -ffunction-sections -fdata-sections -Icsrc"
  objects=
  for f in $core; do
    "${cross}gcc" $cflags -fstack-usage -c "csrc/$f.c" -o "$dir/$f.o"
    check "$cpu: csrc/$f.c compiles" $?
    objects="$objects $dir/$f.o"
  done
  cat >"$dir/state.c" <<END
#include "exchange.h"
#include "ledger.h"
char modem_state[sizeof(struct bc260y_exchange) + BC260Y_FRAMER_SIZE_MIN];
char ledger_state[sizeof(struct bc260y_ledger) + BC260Y_LEDGER_BUFFER_SIZE($ledger_record)];
END
  "${cross}gcc" $cflags -c "$dir/state.c" -o "$dir/state.o"
  check "$cpu: the state's size is known" $?

  echo "$cpu, -Os"
  "${cross}size" $objects | awk -v apart="$apart" -v ledger="$ledger" '
    BEGIN {
      n = split(apart, list, " "); for (i = 1; i <= n; i++) out[list[i] ".o"] = 1
      n = split(ledger, list, " "); for (i = 1; i <= n; i++) own[list[i] ".o"] = 1
    }
    NR == 1 { printf "  %-12s %7s %7s %7s\n", "", "text", "data", "bss"; next }
    { n = split($6, path, "/"); printf "  %-12s %7d %7d %7d\n", path[n], $1, $2, $3
      data += $2; bss += $3
      if (out[path[n]]) extra += $1; else if (own[path[n]]) log_text += $1; else text += $1 }
    END { printf "  %-12s %7d %7d %7d\n", "together", text, data, bss
      print "  apart " extra ": " apart
      print "  ledger " log_text ": " ledger }' | tee "$dir/sizes"
  text=$(awk '$1 == "together" {print $2}' "$dir/sizes")
  extra=$(awk '$1 == "apart" {print $2 + 0}' "$dir/sizes")
  log_text=$(awk '$1 == "ledger" {print $2 + 0}' "$dir/sizes")
  ram=$(awk '$1 == "together" {print $3 + $4}' "$dir/sizes")
  size_of() {
    echo $((0x$("${cross}nm" -S "$dir/state.o" | awk -v name="$1" '$4 == name {print $2}')))
  }
  state=$(size_of modem_state)
  log_state=$(size_of ledger_state)
  stack=$(cat "$dir"/*.su | awk -F'\t' '$2 > max {max = $2; name = $1} END {print max, name}')
  echo "  one modem with its buffers: $state bytes; largest stack frame: $stack"
  [ "${text:-99999}" -lt $text_max ]
  check "$cpu: code under $text_max bytes" $?
  [ "${extra:-99999}" -lt $apart_max ]
  check "$cpu: what is apart under $apart_max bytes" $?
  echo "  one ledger of records up to $ledger_record bytes with its buffers: $log_state bytes"
  [ "${log_text:-99999}" -lt $ledger_text_max ]
  check "$cpu: the ledger's code under $ledger_text_max bytes" $?
  [ "$log_state" -gt 0 ] && [ "$log_state" -lt $ledger_state_max ]
  check "$cpu: one ledger under $ledger_state_max bytes" $?
  [ "${ram:-1}" -eq 0 ]
  check "$cpu: no static RAM" $?
  [ "$state" -gt 0 ] && [ "$state" -lt $state_max ]
  check "$cpu: one modem under $state_max bytes" $?

  foreign=$("${cross}nm" $objects | awk '
    NF == 3 { own[$3] = 1 }
    NF == 2 && $1 == "U" { asked[$2] = 1 }
    END {
      for (s in asked)
        if (!own[s] && s !~ /^mem(cpy|move|set|cmp|chr)$/ && s !~ /^__aeabi_/ &&
            s !~ /^__gnu_thumb1_case_/)
          print s
    }')
  [ -z "$foreign" ]
  check "$cpu: asks for nothing foreign:" $foreign $?
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
