#!/usr/bin/env bash
# Installs the binary, man pages, completion, systemd unit and, unless there is one, the configuration:
#
#   DESTDIR= PREFIX=/usr/local tools/packaging/install.sh BINARY
set -euo pipefail
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-/usr/local}
dest=${DESTDIR:-}
root=$dest$prefix
man=$(mktemp -d)
trap 'rm -rf "$man"' EXIT

install -D -m 0755 "$bin" "$root/bin/luanids"
"$bin" man "$man"
rm -f "$man"/luanids-completion*.1
for page in "$man"/*.1; do
	install -D -m 0644 "$page" "$root/share/man/man1/$(basename "$page")"
done
"$bin" completion bash >"$man/bash"
install -D -m 0644 "$man/bash" "$root/share/bash-completion/completions/luanids"
sed "s|/usr/bin/luanids|$prefix/bin/luanids|; s|/usr/share/|$prefix/share/|" "$here/files/luanids.service" >"$man/unit"
install -D -m 0644 "$man/unit" "$root/lib/systemd/system/luanids.service"
install -D -m 0644 "$here/../../docs/operate.md" "$root/share/doc/luanids/operate.md"
install -D -m 0644 "$here/../../engine/config/luanids.yaml" "$root/share/doc/luanids/examples/luanids.yaml"
if [ ! -e "$dest/etc/luanids/luanids.yaml" ]; then
	sed "s|/usr/share/|$prefix/share/|" "$here/files/luanids.yaml" >"$man/config"
	install -D -m 0644 "$man/config" "$dest/etc/luanids/luanids.yaml"
fi
mkdir -p "$dest/etc/luanids/rules" "$dest/etc/luanids/scripts"
if [ -z "$dest" ] && ! getent passwd luanids >/dev/null; then
	echo "make the user of the service: adduser --system --group --no-create-home --home /var/lib/luanids luanids"
fi
echo "installed $root/bin/luanids; name the interface in $dest/etc/luanids/luanids.yaml"
