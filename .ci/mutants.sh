#!/bin/sh
# mutants.sh [NAME...]: applies each fault of spec/mutants/ to a copy of the sources, and
# runs what has to find it. The same has to pass on the sources as they are. A patch says
# in its first lines what it breaks and who finds it:
#   Breaks: a fence is not awaited after a missing answer
#   Killer: c exchange_fence_test | spec spec/tcp_send_spec.lua | seeds tcp 1 200
# A patch that does not apply, a mutant that does not build, one that nobody finds, and one
# that makes its killer die of something else than a failed test are failures.
dir=build/mutants
seconds=${MUTANT_SECONDS:-120}
UNEXPECTED='port.lua:[0-9]+: script: '

# kill KILLER: runs it here, and leaves what it said in ./killer.log. Result: 0 it passes,
# 1 a test failed, 2 anything else.
kill_here() {
  set -- $1
  kind=$1
  shift
  case $kind in
  c) make -s "build/plain/$1" >killer.log 2>&1 || return 2
    timeout -k 5 "$seconds" "build/plain/$1" >killer.log 2>&1 ;;
  spec) make -s LUA=lua5.4 build >killer.log 2>&1 || return 2
    timeout -k 5 "$seconds" .ci/spec.sh 5.4 --exclude-tags=integration --no-keep-going "$@" \
      >killer.log 2>&1 ;;
  seeds) make -s LUA=lua5.4 build >killer.log 2>&1 || return 2
    timeout -k 5 "$seconds" lua5.4 spec/mutants/seeds.lua "$@" >killer.log 2>&1 ;;
  *) echo "no killer is called $kind" >killer.log; return 2 ;;
  esac </dev/null
  status=$?
  last=$(grep -E '[0-9]+ passed, [0-9]+ failed$' killer.log | tail -n 1)
  case $last in
  "") return 2 ;;
  *" 0 failed") [ $status -eq 0 ] && return 0; return 2 ;;
  esac
  # An error in a spec is no finding: the mutant has to be told by what is asserted, or by
  # the scripted port, which says what it expected.
  [ "$kind" = spec ] && ! grep -Eq "^Failure -> |$UNEXPECTED" killer.log && return 2
  return 1
}

# The name of what failed first.
killed_by() {
  awk '
    /^(Failure|Error) -> / { getline; print; exit }
    /^killed by: / { sub(/^killed by: /, ""); print; exit }
    /, step [0-9]+, cut / { sub(/, step [0-9]+, cut .*/, ""); print; exit }
    /^spec\/c\/[a-z_]+\.[ch]:[0-9]+: / && !told { told = $0 }
    END { if (told) print told }' killer.log | head -n 1 | cut -c1-90
}

copy() {
  rm -rf "$2"
  cp -a "$1" "$2"
}

if [ "$1" = --base ]; then
  slug=$(echo "$2" | tr -c 'a-zA-Z0-9_\n' '-')
  copy $dir/tree "$dir/base-$slug"
  cd "$dir/base-$slug" || exit 1
  kill_here "$2" && exit 0
  echo "$2: fails without any mutant"
  tail -n 20 killer.log | sed 's/^/    | /'
  echo "0 passed, 1 failed" >../base-$slug.count
  exit 0
fi

if [ "$1" = --one ]; then
  name=$2 patch=$PWD/spec/mutants/$2.patch
  killer=$(sed -n 's/^Killer: //p' "$patch" | head -n 1)
  breaks=$(sed -n 's/^Breaks: //p' "$patch" | head -n 1)
  started=$(date +%s)
  copy $dir/tree "$dir/$name"
  cd "$dir/$name" || exit 1
  if ! patch -p1 -s --no-backup-if-mismatch -F 2 <"$patch" >patch.log 2>&1; then
    verdict="ITS PATCH DOES NOT APPLY"
  elif [ -z "$killer" ] || [ -z "$breaks" ]; then
    verdict="IT DOES NOT SAY WHAT IT BREAKS AND WHO FINDS IT"
  else
    kill_here "$killer"
    case $? in
    0) verdict="SURVIVES" ;;
    1) verdict= by=$(killed_by) ;;
    *) verdict="ITS KILLER DIED: $(tail -n 1 killer.log)" ;;
    esac
  fi
  took=$(($(date +%s) - started))
  [ -z "$verdict" ] && count="1 passed, 0 failed" || count="0 passed, 1 failed"
  echo "$count" >"../$name.count"
  printf '%-34s %-38s %3d s  %s\n' "$name" "$killer" $took "${verdict:-$by}"
  cd .. && [ -z "$verdict" ] && rm -rf "$name"
  exit 0
fi

names=$*
[ -n "$names" ] || names=$(ls spec/mutants/*.patch | sed 's,.*/,,; s,\.patch$,,')
rm -rf $dir
mkdir -p $dir/tree
tar cf - Makefile .ci csrc lua spec bin docs examples 2>/dev/null | tar xf - -C $dir/tree
make -s -C $dir/tree LUA=lua5.4 build build/plain/libcore.a || exit 1
echo "First each killer, on the sources as they are:"
for name in $names; do sed -n 's/^Killer: //p' "spec/mutants/$name.patch" | head -n 1; done |
  sort -u | xargs -d '\n' -P 2 -I{} "$0" --base {}
rm -rf $dir/base-*/
printf '%-34s %-38s %5s  %s\n' mutant killer took "killed by"
echo "$names" | tr ' ' '\n' | xargs -P 2 -I{} "$0" --one {}
cat $dir/*.count | awk -f .ci/sum.awk
