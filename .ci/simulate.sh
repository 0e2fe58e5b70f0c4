#!/bin/sh
# simulate.sh LUA FIRST COUNT [MODE [JOBS]]: so many seeds of the simulation from FIRST on, in
# one mode or ("both") in each, and their count.
lua=$1 first=$2 last=$(($2 + $3 - 1)) modes=${4:-both} jobs=${5:-1}
[ "$modes" = both ] && modes="application tcp"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for mode in $modes; do
  $lua spec/simulation/run.lua --mode "$mode" --seeds "$first-$last" --jobs "$jobs"
done | tee "$out"
# What a run that died has not counted fails here.
modes_run=$(echo "$modes" | wc -w)
counted=$(grep -cE '^[0-9]+ passed, [0-9]+ failed$' "$out")
awk -v missing=$((modes_run - counted)) '
  /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
  END { printf "%d passed, %d failed\n", passed, failed + missing; exit failed + missing > 0 }
' "$out"
