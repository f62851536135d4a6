# What a developer runs. CONTRIBUTING.md says when.
export CGO_ENABLED = 0

GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 20000x

.PHONY: build test race bench fuzz lint cross

build:
	go build -trimpath -ldflags=-s -o tocsin ./cmd/tocsin

test:
	go test ./...

race:
	CGO_ENABLED=1 go test -race -short ./...

# One table: our hot functions, and whole runs beside the peers that are installed.
bench:
	go run ./exercise/bench

# Each fuzz target for FUZZTIME: so many runs (20000x), or so long (5m). A
# count cannot end in the engine's false "context deadline exceeded"
# (golang/go#75804), which a time can.
fuzz:
	@set -e; for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
		done; \
	done

lint:
	go vet ./...
	go run $(STATICCHECK) ./...
	@out=$$(go run $(GOFUMPT) -l .); if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi

# The platforms that Tocsin runs on.
PLATFORMS ?= linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

cross:
	@for p in $(PLATFORMS); do \
		echo "build $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} go build -trimpath -ldflags=-s -o dist/tocsin-$${p%/*}-$${p#*/} ./cmd/tocsin || exit 1; \
	done
