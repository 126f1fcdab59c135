# Everything that can be done with this book. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help book test test-frameworks live lint format serve lab new chapter refresh pdf epub dist bench lock clean distclean mutate processors

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FRAMEWORKS := _build/frameworks
PORT ?= 8000
# Sums that are split between threads need not add up to the same last digit twice.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
# Hundreds of processes start here, and each would compile anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

# A second run reuses the environment; a change of requirements.txt renews it.
$(READY): requirements.txt
	@echo "Installing the packages of requirements.txt into $(VENV)."
	@tools/environment $(VENV)
	@touch $@

book: $(READY) ## build the book; every warning is an error
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo
	@echo "The first page: file://$(CURDIR)/_build/html/index.html"
	@echo "or run 'make serve'."

test: book ## run every test: the package, the notebooks, the built book
	CHROMIUM="$$(tools/chromium)" $(BIN)/python -m pytest -n 2 --no-loadscope-reorder --max-worker-restart=0
	@echo "Left out: all that needs PyTorch or Keras. 'make test-frameworks' installs both and tests it."

$(FRAMEWORKS)/.ready: requirements-frameworks.txt
	@echo "Installing the packages of requirements-frameworks.txt into $(FRAMEWORKS)."
	@tools/environment $(FRAMEWORKS) requirements-frameworks.txt
	@touch $@

test-frameworks: $(FRAMEWORKS)/.ready ## test what needs PyTorch or Keras: the diagnosis, the experiments
	$(FRAMEWORKS)/bin/python -m pytest -c tests/frameworks/pytest.ini --rootdir . \
	  --confcutdir tests/frameworks tests/frameworks vgtools/diagnosis

processors: book ## run the tests as processors with fewer instructions would (an hour)
	CHROMIUM="$$(tools/chromium)" $(BIN)/python tools/processors.py

live: $(READY) ## run every chapter in JupyterLab, in a browser, and move its figures (15 minutes)
	CHROMIUM="$$(tools/chromium)" $(BIN)/python -m pytest live

mutate: $(READY) ## alter equations and code, one at a time (hours)
	$(BIN)/python -m mutation

lint: $(READY) ## check style, in Python and in the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: $(READY) ## serve the built book on this machine (PORT=8000)
	@test -e _build/html/index.html || $(MAKE) book
	@echo "The book: http://127.0.0.1:$(PORT)/  (Ctrl+C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html \
	  || { echo "Is the port taken? Try another one: make serve PORT=8001"; exit 1; }

lab: $(READY) ## open the table of contents in JupyterLab
	$(BIN)/jupyter lab chapters/start.md --LabApp.app_settings_dir=$(CURDIR)/tools/lab \
	  --custom-css --ServerApp.tornado_settings=static_custom_path=$(CURDIR)/tools/lab/custom $(if $(filter 0,$(shell id -u)),--allow-root)

new: ## begin a chapter, as a draft: make new C=12_name
	@tools/new '$(C)'

chapter: $(READY) ## build one chapter alone, for authors: make chapter C=02_sigmoid
	@test -e "chapters/$(C).ipynb" || { echo "There is no chapters/$(C).ipynb. Say which, as in make chapter C=02_sigmoid:"; \
	  echo "  $(basename $(notdir $(wildcard chapters/*.ipynb)))"; exit 1; }
	@mkdir -p _build/chapter
	@printf '%s\n' 'format: jb-book' 'root: chapters/$(C)' 'chapters:' \
	  '- file: chapters/glossary' '- file: chapters/references' > _build/chapter/_toc.yml
	$(BIN)/jupyter-book build . --toc _build/chapter/_toc.yml --path-output _build/chapter
	@echo
	@echo "The chapter: file://$(CURDIR)/_build/chapter/_build/html/chapters/$(C).html"
	@echo "It was built alone, so links to other chapters are not found, and say so above."

refresh: $(READY) ## execute a notebook in place, ready to commit: make refresh C=02_sigmoid
	$(BIN)/python -m tools.refresh $(C)

pdf: book ## print the whole book: dist/vanishing-gradients.pdf
	CHROMIUM="$$(tools/chromium)" $(BIN)/python -m formats.pdf

epub: book ## the whole book as an EPUB, checked by EPUBCheck
	CHROMIUM="$$(tools/chromium)" $(BIN)/python -m formats.epub
	tools/epubcheck dist/vanishing-gradients.epub

dist: pdf epub ## everything to give away: the book as an archive, PDF, EPUB, and vgtools as a wheel
	$(BIN)/python -m formats.dist

bench: book ## measure training, activations and the build: benchmarks/RESULTS.md
	@test -e _build/bench/.ready -a _build/bench/.ready -nt benchmarks/requirements.txt \
	  || { tools/environment _build/bench requirements.txt benchmarks/requirements.txt && touch _build/bench/.ready; }
	_build/bench/bin/python -m benchmarks

lock: ## pin requirements.in into requirements.txt
	@tools/lock

clean: ## remove everything that was built
	rm -rf _build dist mutants .pytest_cache .ruff_cache .hypothesis vgtools.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove the environment too
	rm -rf $(VENV)
