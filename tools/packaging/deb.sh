#!/usr/bin/env bash
# Builds the Debian package of build/luanids: build/luanids_VERSION_ARCH.deb.
#
#   tools/packaging/deb.sh VERSION        as `make deb` calls it, from the top of the repository
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top"
version=${1:-0~dev}
version=${version#v}
version=${version//-/+} # a hyphen would begin the Debian revision
[[ $version =~ ^[0-9]+\. ]] || version="0~git+$version"
export VERSION=$version ARCH
ARCH=$(go env GOARCH)
stage=build/package
when=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH=$when

rm -rf "$stage"
mkdir -p "$stage/man"
install -m 0755 "${BIN:-build/luanids}" "$stage/luanids"
"$stage/luanids" man "$stage/man"
rm -f "$stage"/man/luanids-completion*.1
gzip -9nf "$stage"/man/*.1
"$stage/luanids" completion bash >"$stage/bash-completion"
gzip -9nc CHANGELOG.md >"$stage/changelog.gz"
{
	printf 'luanids (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n' "$version"
	printf ' -- luanids maintainers <maintainers@luanids.example>  %s\n' "$(LC_ALL=C date -u -R -d "@$when")"
} | gzip -9n >"$stage/changelog.Debian.gz"
{
	printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
	printf 'Upstream-Name: luanids\n\nFiles: *\n'
	printf 'Copyright: %s\nLicense: Expat\n' "$(sed -n 's/^Copyright *//p' LICENSE | head -1)"
	sed -n '/^Permission/,$p' LICENSE | sed 's/^$/./; s/^/ /'
} >"$stage/copyright"

# Its path is the last thing said.
(cd "$here" && go build -o "$top/$stage/packaging" .)
"$stage/packaging" -config tools/packaging/nfpm.yaml -target "${OUT:-build}"
