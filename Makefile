# noiseclf: `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV ?= .venv
CORPUS ?= ../shared/corpus
MODEL ?= noiseclf/model/lines.noiseclf
BIN := $(VENV)/bin
HAVE_CORPUS := $(wildcard $(CORPUS)/train.jsonl $(CORPUS)/train.jsonl.gz)
LOWEST := $(addprefix tests/test_,artefact.py classifier.py cli.py context.py encoding.py features.py files.py hostile.py html.py htmlmodel.py lines.py page.py parallel.py scorer.py site.py streams.py)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test fuzz crash matrix lowest lock sbom audit lint train label report catalogues evaluate bench clean

help: ## what the targets do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

BUILT := pyproject.toml setup.py constraints.txt $(wildcard noiseclf/*.pyx noiseclf/*.pxd)

$(BIN)/noiseclf: $(BUILT)
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/noiseclf $(BUILT)
	$(PIP) --upgrade pip  # older ones stumble over lxml's two extras
	$(PIP) --editable '.[html,warc,zstd,parquet,scrapy,datatrove,spark,dataframes,train,peers,dev]'
	@touch $@

demo: $(BIN)/noiseclf ## set up, then label and clean an example page
	@echo "== examples/news.txt, line by line"
	@$(BIN)/noiseclf classify examples/news.txt
	@echo; echo "== the same page, cleaned"
	@$(BIN)/noiseclf clean examples/news.txt

test: $(VENV)/.dev ## the test suite, with a miniature training run
	$(BIN)/python -m pytest

fuzz: $(VENV)/.dev ## coverage-guided fuzzing by atheris, SECONDS (default 1800) over all targets; finds in .cache/fuzz
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(PIP) atheris
	for target in text html records model; do $(BIN)/python -m fuzz $$target $$(( $(or $(SECONDS),1800) / 4 )) || exit 1; done

crash: $(VENV)/.dev ## kill `noiseclf clean -o` KILLS times (default 200) at random moments, and look at what is there
	$(BIN)/python -m fuzz.crash --kills $(or $(KILLS),200)

$(BIN)/uv: $(BIN)/noiseclf
	$(PIP) uv

matrix: $(VENV)/.dev $(BIN)/uv ## the same labels on every Python found here (ROOT: another Debian's folder), oldest and newest NumPy
	$(BIN)/python -m fuzz.matrix $(if $(ROOT),--root $(ROOT))

lowest: $(BIN)/uv ## the tests of running, HTML and files, with the oldest versions that pyproject.toml allows
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) .cache/lowest
	$(BIN)/uv pip install --quiet --python .cache/lowest --resolution lowest-direct --only-binary :all: --no-binary langdetect --no-binary noiseclf '.[html,warc,zstd,parquet]'
	$(BIN)/uv pip install --quiet --python .cache/lowest pytest hypothesis psutil fasttext-community
	PYTHONPATH=. .cache/lowest/bin/python -m pytest $(LOWEST)

lock: $(BIN)/uv ## bring constraints.txt up to date with pyproject.toml; versions stay unless UPGRADE=1
	@mkdir -p .cache && grep '^pip==' constraints.txt > .cache/pip.txt
	$(BIN)/uv pip compile --quiet pyproject.toml .cache/pip.txt --all-extras --universal --python-version 3.10 --no-annotate --no-header $(if $(UPGRADE),--upgrade) --output-file constraints.txt
	sed -i "1i # The development environment and all it brings, pinned by 'make lock'; the package itself has lower bounds only." constraints.txt

sbom: ## list the components of constraints.txt as CycloneDX, into reports/sbom.json
	$(PYTHON) -m venv .cache/sbom
	.cache/sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	.cache/sbom/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --output-file reports/sbom.json constraints.txt

audit: ## ask PyPI for known faults of the versions in constraints.txt
	$(PYTHON) -m venv .cache/audit
	.cache/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.cache/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(VENV)/.dev ## train on CORPUS (default ../shared/corpus, where it is there) and data/; BASE=shipped adapts that model
	$(BIN)/python -m training.train $(if $(BASE),--base $(BASE)) $(if $(HAVE_CORPUS),--corpus $(CORPUS),$(if $(filter file,$(origin CORPUS)),,--corpus $(CORPUS))) --out $(if $(and $(BASE),$(filter file,$(origin MODEL))),own.noiseclf,$(MODEL))

label: $(VENV)/.dev ## label PAGES of your own in the browser, into LABELLED (default labelled); it can retrain too
	$(BIN)/noiseclf label $(PAGES) -o $(or $(LABELLED),labelled)

report: $(VENV)/.dev ## draw the evaluation: reports/report.html (figures), reports/report-local.html (pages too, not for others)
	$(BIN)/python -m training.report --corpus $(CORPUS) --model $(MODEL) --out reports

catalogues: $(VENV)/.dev ## collect interface strings from packages, for training (WITHOUT="package …" leaves some out)
	$(BIN)/python -m training.catalogues $(if $(WITHOUT),--without $(WITHOUT))

evaluate: $(VENV)/.dev ## score MODEL and the peers on CORPUS's dev pages, into reports/
	$(BIN)/python -m training.evaluate --corpus $(CORPUS) --model $(MODEL) --out reports

bench: $(VENV)/.dev ## speed, start and memory, with peers as ratios
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m training.bench --corpus $(CORPUS) --out reports

clean: ## remove what the targets made here
	rm -rf $(VENV) data/catalogues .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build noiseclf/*.c noiseclf/*.so
