#!/bin/sh
# demo.sh: the virtual module on a pty, a TCP server on loopback, and between them
# examples/01_telemetry.lua, run as a user would. Status 0 only if the server has
# stored what the example says it sent, byte for byte. What it starts it stops.
dir=build/demo
port=$dir/ttyBC260Y
rm -rf $dir
mkdir -p $dir
pids=
stop() {
  for pid in $pids; do kill "$pid" 2>/dev/null; done
  for pid in $pids; do wait "$pid" 2>/dev/null; done
  pids=
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { # TEXT LOG
  echo "demo: $1" >&2
  [ -s "$2" ] && tail -n 20 "$2" | sed 's/^/    | /' >&2
  exit 1
}

wait_for() { # PID SECONDS COMMAND...: until the command succeeds or the process ended
  pid=$1 tries=$(($2 * 20))
  shift 2
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.05
  done
}

lua5.4 examples/server.lua --host 127.0.0.1 --port 0 --store $dir/stored >$dir/server.log 2>&1 &
server=$!
pids="$pids $server"
wait_for $server 10 grep -qs '^listening on port' $dir/server.log ||
  fail "the server did not start" $dir/server.log
server_port=$(sed -n 's/^listening on port //p' $dir/server.log)

bin/bc260y virtual --pty $port --pace 9600 --name telemetry.example=127.0.0.1 --verbose \
  >$dir/virtual.log 2>&1 &
virtual=$!
pids="$pids $virtual"
wait_for $virtual 10 test -e $port || fail "the virtual module did not start" $dir/virtual.log

echo
echo "A TCP server listens on 127.0.0.1:$server_port."
echo "A virtual BC260Y-CN, as slow as 9600 baud are, sits at $port."
echo
echo "\$ bin/bc260y run examples/01_telemetry.lua --port $port \\"
echo "    --host telemetry.example --server-port $server_port"
# tee shows it while it runs; the status that counts is the example's.
{
  timeout -k 5 120 bin/bc260y run examples/01_telemetry.lua --port $port \
    --host telemetry.example --server-port "$server_port" 2>&1
  echo $? >$dir/status
} </dev/null | tee $dir/said | sed 's/^/  /'
[ "$(cat $dir/status)" = 0 ] || fail "the example failed; the module's side of it:" $dir/virtual.log

sed -n 's/^ *[0-9]*  sent \(.*\)  answered .*/\1/p' $dir/said >$dir/sent
stop
count=$(wc -l <$dir/sent)
echo
if [ "$count" -eq 20 ] && cmp $dir/sent $dir/stored; then
  echo "The server has stored all $count readings, $(wc -c <$dir/stored) bytes, byte for byte."
else
  fail "the server's store is not what was sent: compare $dir/sent and $dir/stored" /dev/null
fi
echo "On a real module: bin/bc260y run examples/01_telemetry.lua --port /dev/ttyUSB0" \
  "--host YOUR.SERVER --server-port 8008"
