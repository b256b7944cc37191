# What one does with this repository. `make` alone shows the list below; the text after ## is the help.

SHELL := /bin/bash
LLAMA := artifacts/bin/Llama.Cli/release/llama
DOTNET := dotnet

# No telemetry, no banners, no build servers left running behind one's back.
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
export DOTNET_SKIP_FIRST_TIME_EXPERIENCE := 1
export DOTNET_GENERATE_ASPNET_CERTIFICATE := false
export MSBUILDDISABLENODEREUSE := 1
export UseSharedCompilation := false

.DEFAULT_GOAL := help
.PHONY: help build demo test soak bench fuzz format format-check publish clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the release executable, artifacts/bin/Llama.Cli/release/llama
	$(DOTNET) build src/Llama.Cli --configuration Release --nologo

demo: ## Watch a live matrix of real measurements; SINK=influx writes them to a real InfluxDB; DEMO_ARGS='--for 15s' passes flags on
	@echo "Building llama (the first time takes about half a minute) ..." >&2
	@$(DOTNET) build src/Llama.Cli --configuration Release --nologo --verbosity quiet
	@exec build/demo.sh "$(SINK)" ./$(LLAMA) demo $(DEMO_ARGS)

test: ## Install what the tests need (where that is allowed), build, and run every test
	@build/test.sh

bench: ## Measure against references, print a table, write docs/benchmarks.md; BENCH_ARGS=--quick only tries
	@build/bench.sh $(BENCH_ARGS)

soak: ## Measure 20,000 datagrams a second for half an hour, or SOAK_SECONDS; needs root
	@build/soak.sh

fuzz: ## Try 20 million hostile datagrams; FUZZ_ARGS='--datagrams 100000 --seed 7' shortens and repeats
	@$(DOTNET) build src/Llama.Cli --configuration Release --nologo --verbosity quiet
	@$(DOTNET) build tests/Llama.Fuzz --configuration Release --nologo --verbosity quiet
	@exec nice -n 10 artifacts/bin/Llama.Fuzz/release/Llama.Fuzz $(FUZZ_ARGS)

format: ## Lay out the sources as .editorconfig says; those of the web page too, where Node.js is
	$(DOTNET) format Llama.slnx
	@build/web.sh format || [[ $$? == 3 ]]

format-check: ## Fail if `make format` would change anything
	$(DOTNET) format Llama.slnx --verify-no-changes
	@build/web.sh lint || [[ $$? == 3 ]]

publish: ## Make artifacts/publish/llama: one self-contained, trimmed file for linux-x64
	$(DOTNET) publish src/Llama.Cli --configuration Release --runtime linux-x64 --self-contained --nologo \
	    -p:PublishSingleFile=true -p:PublishTrimmed=true -p:PublishReadyToRun=true \
	    -p:DebugType=none -p:PublishDocumentationFiles=false --output artifacts/publish

clean: ## Remove everything that was built
	rm -rf artifacts
