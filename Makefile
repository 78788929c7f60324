# `make demo` runs the main job, `make test` the tests; both set up .venv from the hash-pinned locks first.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test storm faults mutants fuzz kills kill-messages kill-cases spark page page-tools lint format bench dev lock clean page-large page-fuzz

# The locks are whole, so nothing is resolved: pip would look for newer versions of what is asked for with extras. It compiles
# one module after the other, which takes as long as all the rest; here every processor does.
$(STAMP): pyproject.toml locks/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r locks/dev.txt
	$(BIN)/python -m compileall -q -j 0 .venv/lib > .venv/compiled || true
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

dev: $(STAMP)

demo: $(STAMP)
	$(BIN)/python examples/demo.py

# Tests flush to the disk thousands of times; in memory that costs nothing, and nothing of it is kept.
test: export PYTEST_DEBUG_TEMPROOT := $(shell test -w /dev/shm && echo /dev/shm)
test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal

storm: $(STAMP)
	$(BIN)/python -m tests.metamorphic.storm

# Every source through faults drawn at random, RUNS of them; `make test` takes a small sample.
faults: $(STAMP)
	$(BIN)/python -m tests.faults.storm $(if $(RUNS),--runs $(RUNS)) $(FAULTS)

# What is gathered for it is flushed to the disk as well.
mutants: export TMPDIR := $(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})
mutants: $(STAMP)
	$(BIN)/python -m tests.mutation.run

# Every reader of what strangers write, SECONDS each; `make test` takes a small sample.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz.run $(if $(SECONDS),--seconds $(SECONDS)) $(FUZZ)

# Kills sealings: at every named moment and at 200 random instants, on a folder and on S3 as moto imitates it; gatherings, whose
# locker and tables must end as if nothing had happened; then server, worker, runs and receivers of scheduled audits, 100 times.
kills: $(STAMP)
	$(BIN)/python -m tests.kills.campaign --every-moment --random 200
	$(BIN)/python -m tests.kills.campaign --place s3 --every-moment --random 200
	$(BIN)/python -m tests.kills.scheduled --kills 100
	$(BIN)/python -m tests.kills.gathering --random 100

# Kills who puts messages, who delivers and who receives them, 100 times; nothing may be lost, doubles are counted.
kill-messages: $(STAMP)
	$(BIN)/python -m tests.kills.messages --kills 100

# Kills who works on breach cases, 100 times; no step may be lost or doubled, no notice leave without its approval.
kill-cases: $(STAMP)
	$(BIN)/python -m tests.kills.cases --kills 100

# Every case of every kind on a real Spark cluster on loopback; `make test` takes the first breach of each.
spark: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "spark or spark_all" -k "not every_statement"

# verify.html from its sources: node and npm, pinned by digest in package-lock.json. Tests rebuild it where these are.
page-tools: evidence/page/node_modules/.package-lock.json
evidence/page/node_modules/.package-lock.json: evidence/page/package-lock.json
	cd evidence/page && npm ci --silent
page: $(STAMP) page-tools
	$(BIN)/python -m evidence.page.schemas > evidence/page/src/schemas.json
	cd evidence/page && npm run --silent check && npm run --silent build

page-fuzz: $(STAMP)
	$(BIN)/python -m tests.page.differential

page-large: $(STAMP)
	$(BIN)/python -m tests.page.large

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py $(BENCH)

# Needs uv; resolves for every supported Python at once and writes no index address.
UVC := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links pyproject.toml
lock:
	$(UVC) --extra run --extra pkcs11 --extra spark --group dev -o locks/dev.txt
	$(UVC) --extra run -c locks/dev.txt -o locks/run.txt
	$(UVC) --extra run --extra spark -c locks/dev.txt -o locks/spark.txt
	$(UVC) -c locks/dev.txt -o locks/base.txt

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
