#!/bin/sh
# replay.sh TARGET...: each target goes through its corpus and the empty input.
sums=$(mktemp)
trap 'rm -f "$sums"' EXIT
for target in "$@"; do
  out=$(timeout -k 5 120 build/replay/"$target" /dev/null spec/fuzz/corpus/"$target"/* 2>&1)
  line=$(echo "$out" | grep -E '[0-9]+ passed, [0-9]+ failed$' | tail -n 1)
  [ -n "$line" ] || echo "$out" | tail -n 40
  line=${line:-0 passed, 1 failed}
  echo "$target: $line" | tee -a "$sums"
done
awk -f .ci/sum.awk "$sums"
