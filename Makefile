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

# The six platforms that Tocsin runs on.
cross:
	@for os in linux windows darwin; do for arch in amd64 arm64; do \
		echo "build $$os/$$arch"; \
		GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags=-s -o dist/tocsin-$$os-$$arch ./cmd/tocsin || exit 1; \
	done; done
