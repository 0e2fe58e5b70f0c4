#!/bin/sh
# fuzz.sh SECONDS TARGET...: runs each fuzz target, two at a time, from its corpus.
#
# What it finds new goes to build/fuzz/TARGET.corpus, a finding to build/fuzz/TARGET-*.
seconds=$1
shift

if [ "$1" = --one ]; then
  target=$2 work=build/fuzz/$2.corpus log=build/fuzz/$2.log
  mkdir -p "$work"
  quiet=
  setarch -R true 2>/dev/null && quiet="setarch -R"
  [ -d "spec/fuzz/corpus/$target" ] && seed=spec/fuzz/corpus/$target
  timeout -k 5 $((seconds + 60)) $quiet build/fuzz/"$target" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -max_len=8192 \
    -artifact_prefix="build/fuzz/$target-" "$work" $seed >"$log" 2>&1 </dev/null
  status=$?
  runs=$(awk '/^stat::number_of_executed_units/ {print $2}' "$log")
  cover=$(awk '{for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1)} END {print c + 0}' "$log")
  if [ $status -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
    echo "$target: $runs executions, $cover edges covered, nothing found"
    echo "$target: 1 passed, 0 failed" >"build/fuzz/$target.count"
  else
    echo "$target: FINDING after ${runs:-?} executions (exit status $status)"
    tail -n 60 "$log" | sed 's/^/    | /'
    ls build/fuzz/"$target"-* 2>/dev/null | sed 's/^/    input: /'
    echo "$target: 0 passed, 1 failed" >"build/fuzz/$target.count"
  fi
  exit 0
fi

rm -f build/fuzz/*.count
echo "Fuzzing for $seconds s each: $*"
for target in "$@"; do echo "$target"; done | xargs -P 2 -I{} "$0" "$seconds" --one {}
cat build/fuzz/*.count 2>/dev/null | awk -f .ci/sum.awk
