#!/bin/sh
# part.sh NAME SECONDS COMMAND...: runs one part of the check and writes its count.
#
# The output goes to build/check/NAME.log, the count (the last "N passed, N failed"
# in it) to build/check/NAME.count. A part that dies, hangs or counts nothing has
# failed. The exit status is always 0, so that the other parts still run.
name=$1 seconds=$2
shift 2
mkdir -p build/check
log=build/check/$name.log
started=$(date +%s)
timeout -k 5 "$seconds" "$@" >"$log" 2>&1 </dev/null
status=$?
took=$(($(date +%s) - started))

count=$(grep -E '^([^ ]+: )?[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
passed=$(echo "$count" | awk '{print $(NF - 3) + 0}')
failed=$(echo "$count" | awk '{print $(NF - 1) + 0}')
why=
if [ -z "$count" ]; then
  passed=0 failed=1 why=" (it gave no count, exit status $status)"
  [ $status -eq 124 ] && why=" (stopped after $seconds s)"
elif [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then
  failed=1 why=" (exit status $status)"
elif [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
  failed=1 why=" (it ran nothing)"
fi
echo "$name: $passed passed, $failed failed" >"build/check/$name.count"
{
  printf '%-18s %5d passed, %d failed%s  %d s\n' "$name" "$passed" "$failed" "$why" "$took"
  if [ "$failed" -ne 0 ]; then
    tail -n 60 "$log" | sed 's/^/    | /'
    echo "    the whole of it: $log"
  fi
} >"build/check/$name.said"
cat "build/check/$name.said"
