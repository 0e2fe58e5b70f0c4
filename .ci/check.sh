#!/bin/sh
# check.sh: builds, then runs every part of the check three at a time and adds up.
rm -rf build/check
mkdir -p build/check
make="${MAKE:-make} --no-print-directory"
versions="5.1 5.2 5.3 5.4 jit"
.ci/chrony.sh

# Build first, so that a part's time is its own; -k, so that one test that does not
# compile fails alone.
.ci/part.sh build 300 sh -c "$make -s -k -j2 build tests-plain tests-san replay-build &&
  echo 1 passed, 0 failed"

tests=$(ls spec/c/*_test.c | sed 's,.*/,,; s,\.c$,,')
parts=build/check/parts
{
  echo "lint 300 $make -s lint"
  echo "c 300 .ci/tests.sh build/plain" $tests
  echo "c-sanitized 600 .ci/tests.sh build/san" $tests
  for v in $versions; do
    echo "spec-$v 600 .ci/spec.sh $v --exclude-tags=integration spec"
  done
  # 5.4 gets all hostile payloads (spec/integration/hostile_spec.lua), the others a tenth:
  # what differs between Luas shows in those too. HOSTILE sets the count for all.
  for v in ${INTEGRATION:-$versions}; do
    hostile=1000
    [ $v = 5.4 ] && hostile=10000
    echo "integration-$v 600 env HOSTILE=${HOSTILE:-$hostile}" \
      ".ci/spec.sh $v --tags=integration spec"
  done
  # 1,000 seeds of the simulation in each mode, others on each Lua.
  first=1
  for v in $versions; do
    case $v in jit) lua=luajit ;; *) lua=lua$v ;; esac
    echo "simulate-$v 600 .ci/simulate.sh $lua $first 200"
    first=$((first + 200))
  done
  echo "fuzz-corpus 300 $make -s replay"
  echo "bare 120 .ci/bare.sh"
  echo "docs 120 .ci/docs.sh check"
  echo "rockspec 300 .ci/rockspec.sh"
} >$parts
# Three at a time on two processors: integration specs wait for the most part.
xargs -P 3 -L 1 .ci/part.sh <$parts
cat build/check/*.count >build/check/all
echo
awk -f .ci/sum.awk build/check/all
