# luanids: `make run` sets up and runs the main job; `make test` sets up and passes the tests.

BIN      := build/luanids
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DATE     := $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
# Everything that cgo needs (libpcap, SQLite, libc) is linked in: one file that runs anywhere.
TAGS     := netgo,osusergo,sqlite_omit_load_extension
LDFLAGS  := -s -w -linkmode external -extldflags "-static -Wl,--no-warnings" \
            -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
# The profile that the compiler optimises by, made by tools/profile.sh; off for none.
PGO      := tools/luanids.pgo
FUZZTIME ?= 3s

export CGO_ENABLED := 1

.PHONY: run build test deps lint unit race fuzz bench clean install deb package-test live-test

run: build
	$(BIN) -f testdata/captures/web_attacks.pcap.gz -v

build: deps
	@mkdir -p build
	go build -trimpath -pgo=$(PGO) -tags $(TAGS) -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/luanids

# deps installs what a fresh Debian machine lacks.
deps:
	@tools/deps.sh

test: deps lint unit race fuzz package-test

lint: deps
	@test -z "$$(gofmt -l .)" || { echo "gofmt is needed:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...

unit: deps
	@tools/deps.sh test
	go test ./...

# The packages that run on several goroutines.
race: deps
	go test -race -short ./engine/... ./capture/... ./cmd/...

fuzz: deps
	@tools/fuzz.sh $(FUZZTIME)

bench: deps
	go test -run '^$$' -bench . -benchmem ./...

# Binary, man pages, unit and configuration, below $(DESTDIR)$(PREFIX).
PREFIX ?= /usr/local
install: build
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) tools/packaging/install.sh $(BIN)

# The Debian package, build/luanids_VERSION_ARCH.deb; package-test installs, uses and removes it.
deb: build
	@tools/packaging/deb.sh $(VERSION)

package-test: deb
	@tools/deps.sh test
	@if [ "$$(id -u)" -eq 0 ]; then tools/packaging/test.sh "$$(ls -t build/luanids_*.deb | head -1)"; \
	else echo "package-test: not run, needs root"; fi

# What make test has in a short form: real traffic of all kinds, with a browser and attack tools (installs them), and load. As
# root; 6 minutes. The service under systemd, in a container of its own: tools/packaging/systemd-test.sh.
live-test: build
	testdata/live/real.sh
	tools/loadtest.sh --short

clean:
	rm -rf build
