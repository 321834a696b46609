# The main job measures the quick tier of everything and writes a report.
.DEFAULT_GOAL := run
GO ?= go
RUN ?= results/reference/quick

.PHONY: run build test check bench results trust report update-golden fuzz fmt clean help

run: build ## measure the quick tier of every workload under the four models, and report
	bin/compare

build: ## build bin/compare
	$(GO) build -o bin/compare ./cmd/compare

test: ## run the tests
	$(GO) test ./...

check: ## run the stricter checks as well: race detector, vet, staticcheck, formatting, other systems
	bash .ci/run

bench: ## run the suite as ordinary Go benchmarks, ready for benchstat -col /model
	$(GO) test -run '^$$' -bench . ./harness

results: build ## measure the reference run of this machine again, with its pictures
	rm -rf $(RUN)
	bin/compare run -budget 5m -out $(RUN)
	mkdir -p plots/gallery
	cp $(RUN)/figures/forest.* $(RUN)/figures/timeline-* plots/gallery/

trust: ## find out what the verdicts are worth on this machine (takes hours; leave it alone meanwhile)
	for study in simulate agreement cost alarms power; do \
		$(GO) run ./harness/trust -out results/reference/trust $$study || exit 1; \
	done
	for package in ./results ./cmd/compare/cli; do \
		$(GO) test -run '^$$' -bench 100k -benchtime 3x $$package || exit 1; \
	done > results/reference/trust/judging.txt

report: build ## make the report of RUN again from its journal
	bin/compare report $(RUN)

update-golden: ## rewrite the golden files from what the code gives now
	$(GO) test ./results ./plots ./cmd/compare/cli -update

FUZZTIME ?= 10s
fuzz: ## give every fuzz target FUZZTIME
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

fmt: ## format the code
	$(GO) tool -modfile=tools.mod gofumpt -w .

clean: ## remove the binary and the runs that compare wrote by default
	rm -rf bin results/runs

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
