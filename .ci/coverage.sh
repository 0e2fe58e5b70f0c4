#!/bin/sh
# coverage.sh: what of csrc/ the C tests, the fuzz corpus and the specs on Lua 5.4 run.
#
# A copy of the tree in build/coverage is built with gcov's instrumentation and tried
# as it is, command line and child processes included. Fails below these percentages
# in total; which lines and branches were not run stands in build/coverage/missed.*
lines_min=95 branches_min=90

# A spec runs the command line as a user who is nobody: it counts too.
umask 000

tree=build/coverage
rm -rf $tree
mkdir -p $tree
.ci/files.sh -o | tar -cf - -T - | tar -xf - -C $tree || exit 1
cd $tree || exit 1

CFLAGS="-O0 -g --coverage" LDFLAGS=--coverage
export CFLAGS LDFLAGS
make="${MAKE:-make} --no-print-directory"
tests=$(ls spec/c/*_test.c | sed 's,.*/,,; s,\.c$,,')
.ci/part.sh build 300 sh -c "$make -s -k -j2 LUA=lua5.4 build tests-plain &&
  $make -s -k -j2 SANITIZE='-O0 --coverage' replay-build && echo 1 passed, 0 failed"
{
  echo "c 300 .ci/tests.sh build/plain" $tests
  echo "fuzz-corpus 300 $make -s SANITIZE='-O0 --coverage' replay"
  echo "spec-5.4 600 .ci/spec.sh 5.4 --exclude-tags=integration spec"
  echo "integration-5.4 600 env HOSTILE=${HOSTILE:-100} .ci/spec.sh 5.4 --tags=integration spec"
} | xargs -P 2 -L 1 .ci/part.sh

gcovr --root . --filter csrc/ --csv table.csv --txt missed.lines \
  --html-details missed.html >gcovr.log 2>&1 || cat gcovr.log
gcovr --root . --filter csrc/ --branches --txt missed.branches >>gcovr.log 2>&1
cat table.csv | awk -F, -v lines_min=$lines_min -v branches_min=$branches_min \
  -f .ci/coverage.awk >build/check/coverage.count
cat build/check/*.count >build/check/all
echo
cat build/check/coverage.count
awk -f .ci/sum.awk build/check/all
