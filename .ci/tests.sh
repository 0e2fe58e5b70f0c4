#!/bin/sh
# tests.sh DIR TEST...: runs the C tests in DIR, each at most two minutes, and adds up.
dir=$1
shift
sums=$(mktemp)
trap 'rm -f "$sums"' EXIT
# LeakSanitizer and a large address space randomisation do not go together.
quiet=
setarch -R true 2>/dev/null && quiet="setarch -R"
for test in "$@"; do
  if out=$(timeout -k 5 120 $quiet "$dir/$test" 2>&1) || true; then :; fi
  echo "$out"
  line=$(echo "$out" | grep -E '[0-9]+ passed, [0-9]+ failed$' | tail -n 1)
  echo "${line:-$test: 0 passed, 1 failed}" >>"$sums"
  [ -n "$line" ] || echo "$dir/$test died before it counted"
done
awk -f .ci/sum.awk "$sums"
