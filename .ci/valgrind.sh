#!/bin/sh
# valgrind.sh TEST...: the C tests and one run of the unit specs under valgrind, without
# those that play the same code a hundred thousand times.
grind="valgrind -q --leak-check=full --show-leak-kinds=definite,possible
  --errors-for-leak-kinds=definite,possible --error-exitcode=9 --num-callers=20"
passed=0 failed=0
run() { # NAME COMMAND...
  name=$1
  shift
  if "$@" >"build/valgrind-$name.log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    echo "$name: clean"
  else
    failed=$((failed + 1))
    echo "$name: exit status $?, see build/valgrind-$name.log"
    grep -E '^==' "build/valgrind-$name.log" | head -n 40
  fi
}
for test in "$@"; do run "$test" timeout 600 $grind "build/plain/$test"; done
WRAP="timeout 1800 $grind"
export WRAP
specs=$(find spec -name '*_spec.lua' ! -path 'spec/integration/*' ! -name 'matrix_*' \
  ! -name '*sweep_*' ! -name 'transcripts_*' | sort)
run specs .ci/spec.sh 5.4 --exclude-tags=integration $specs
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
