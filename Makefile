# SPDX-License-Identifier: MIT OR Apache-2.0
# Every habit is a target here; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help bootstrap demo test check lint drivers nthost bench clean
MAKEFLAGS += --no-print-directory
JOBS := $(shell nproc)

help:
	@echo 'make demo     shows the driver at work on a QEMU disk (./demo.sh installs what it needs first)'
	@echo 'make test     everything below, and every scenario (./test.sh installs what it needs first)'
	@echo 'make check    unit tests of the portable layers under sanitizers, at most a minute'
	@echo 'make lint     guards and checks of the sources'
	@echo 'make drivers  build/drivers/{amd64,x86}/*.sys; as root it installs the compilers itself'
	@echo 'make nthost   the NT host, which runs a .sys as a Linux process: build/nthost'
	@echo 'make bench    what a buffer costs in the ring engine and a packet in the network core, against budgets'
	@echo 'make clean    removes build/'

bootstrap:
	@sh scripts/bootstrap.sh

demo: bootstrap drivers nthost
	@python3 scripts/demo.py

test: bootstrap
	@python3 scripts/run-tests.py

check: bootstrap
	@python3 scripts/run-tests.py check

lint: bootstrap
	@python3 scripts/lint.py

drivers: bootstrap
	@sh scripts/build-drivers.sh

nthost: bootstrap
	@cmake -S . -B build/nthost -G Ninja -DAERO_NTHOST=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
	@cmake --build build/nthost -j $(JOBS) --target nthost nbdkit-aero-plugin -- --quiet

bench: bootstrap
	@cmake -S tests/bench -B build/bench -G Ninja >/dev/null
	@cmake --build build/bench --target bench -- --quiet

clean:
	rm -rf build
