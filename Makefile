# noiseclf: `make demo` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV ?= .venv
CORPUS ?= ../shared/corpus
MODEL ?= noiseclf/model/lines.noiseclf
BIN := $(VENV)/bin
HAVE_CORPUS := $(wildcard $(CORPUS)/train.jsonl $(CORPUS)/train.jsonl.gz)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test fuzz lint train label report catalogues evaluate bench clean

help: ## what the targets do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

BUILT := pyproject.toml setup.py constraints.txt $(wildcard noiseclf/*.pyx)

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

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
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
	$(BIN)/python -m training.bench --corpus $(CORPUS) --out reports

clean: ## remove what the targets made here
	rm -rf $(VENV) data/catalogues .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build noiseclf/*.c noiseclf/*.so
