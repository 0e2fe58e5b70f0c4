#!/bin/sh
# model.sh: spin searches every state of spec/model/, then each of its mutants until it
# finds a fault. A mutant in which it finds none is a failure. DEEP=1: longer runs, too.
dir=build/model
common="-DSAFETY -DCOLLAPSE"
one="-DALONE -DBOTH=true"

# NAME|what spin is to find: 0 or 1 faults|how much may go wrong, and the mutant|pan's own
runs() {
  cat <<END
two-late|0|-DLATES=1
two-lost|0|-DLOSSES=1
two-reset|0|-DRESETS=1
two-opens|0|-DNO_SENDS -DLATES=1 -DLOSSES=1 -DRESETS=1
two-opens-torn|0|-DNO_SENDS -DLATES=1 -DTEARS=1
one-late-lost-reset|0|$one -DLATES=1 -DLOSSES=1 -DRESETS=1
one-late-late-reset|0|$one -DLATES=2 -DRESETS=1
one-lost-lost|0|$one -DLOSSES=2
one-late-torn|0|$one -DLATES=1 -DTEARS=1
one-lost-torn|0|$one -DLOSSES=1 -DTEARS=1
answered-one|0|-DPATIENT $one -DLATES=1 -DLOSSES=1 -DRESETS=1
answered-two|0|-DPATIENT -DRESETS=1
END
  [ -n "$DEEP" ] && cat <<END
two-torn|0|-DTEARS=1
two-late-reset|0|-DLATES=1 -DRESETS=1
one-late-lost-torn|0|$one -DLATES=1 -DLOSSES=1 -DTEARS=1
answered-torn|0|-DPATIENT $one -DLATES=1 -DTEARS=1
END
  for mutant in NO_FENCE CLASH_UNKNOWN OK_IS_FENCE OWED_FORGOTTEN OWED_YOUNGER \
    PROMPT_UNCHECKED LOST_DATA_TRUSTED STRAY_TAKEN EARLY_IS_ALL RESET_KEEPS_OWED \
    RESET_UNFENCED RESET_KEEPS_COMMAND SETTLED_IS_OVER DOUBT_IGNORED DOUBT_AT_END \
    DOUBT_EXPIRES DENIED_ONCE COUNT_NOT_ASKED; do
    echo "$mutant|1|-D$mutant $one -DLATES=1 -DLOSSES=1 -DRESETS=1"
  done
  echo "ONE_FENCE|1|-DONE_FENCE $one -DLATES=3"
  echo "FENCE_REUSED|1|-DFENCE_REUSED $one -DLATES=3"
  echo "TORN_BELIEVED|1|-DTORN_BELIEVED $one -DTEARS=1"
}

# One run: builds and runs pan in a folder of its own, and says how it ended.
run() {
  name=$1 wanted=$2 flags=$3
  mkdir -p "$dir/$name"
  cp spec/model/*.pml "$dir/$name/" && cd "$dir/$name" || exit 1
  : >pan.log # a run that is not built has searched nothing
  kind=$common search=
  case $flags in *-DPATIENT*) kind=-DCOLLAPSE search=-a ;; esac
  spin $flags -a model.pml >spin.log 2>&1 &&
    ${CC:-gcc} -O2 -w $kind -DMEMLIM=2000 -o pan pan.c >>spin.log 2>&1 &&
    timeout -k 5 "${MODEL_SECONDS:-500}" ./pan $search -m600000 >pan.log 2>&1 </dev/null
  rm -f pan pan.? pan.tmp
  awk -v name="$name" -v wanted="$wanted" '
    /error: max search depth|out of memory|Search not completed/ && !wanted { cut = 1 }
    /errors: [0-9]+$/ { errors = $NF; depth = $(NF - 2); sub(/,/, "", depth); ended = 1 }
    /assertion violated|invalid end state \(|acceptance cycle \(/ && !why {
      why = $0; sub(/^pan:[0-9]+: /, "", why)
    }
    / states, stored/ { states = $1 }
    /elapsed time/ { seconds = $(NF - 1) }
    END {
      good = ended && !cut && (wanted ? errors > 0 : errors == 0)
      verdict = !ended || cut ? "NOT SEARCHED TO ITS END" : errors ? why : "no fault"
      printf "%-20s %9d states, depth %6d, %6.1f s: %s\n", name, states, depth, seconds, verdict
      printf "%d passed, %d failed\n", good, !good >"count"
      if (!good) print "    see build/model/" name "/spin.log and pan.log"
    }' pan.log spin.log
}

if [ "$1" = --one ]; then
  IFS='|' read -r name wanted flags <<END
$2
END
  run "$name" "$wanted" "$flags"
  exit 0
fi
rm -rf $dir
mkdir -p $dir
runs | xargs -d "\n" -P 2 -I{} "$0" --one {}
awk -f .ci/sum.awk $dir/*/count
