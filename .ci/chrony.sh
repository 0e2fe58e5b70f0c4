#!/bin/sh
# chrony.sh: sees to a chronyd for the specs: Debian's, unpacked to build/tools.
#
# It is not installed: the package starts a daemon and removes what keeps the machine's
# clock now (it conflicts with time-daemon). And one that is installed may be confined to
# its own directories. Without it the specs take the machine's, or say that there is none.
[ "$DEPS" = no ] || [ -x build/tools/chronyd ] && exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
mkdir -p build/tools
if (cd "$dir" && apt-get download -q chrony) >"$dir/log" 2>&1 </dev/null &&
  dpkg-deb --fsys-tarfile "$dir"/chrony_*.deb | tar -xO ./usr/sbin/chronyd >"$dir/chronyd"; then
  chmod 755 "$dir/chronyd"
  # A program that lacks a library is no program.
  if "$dir/chronyd" -v >>"$dir/log" 2>&1; then
    mv "$dir/chronyd" build/tools/chronyd
    exit 0
  fi
fi
echo "chrony.sh: no chronyd: $(tail -n 1 "$dir/log")" >&2
exit 0
