# SPDX-License-Identifier: Apache-2.0
# make demo   build, convert the demo checkpoint, tag some pictures
# make test   build with sanitizers, run every test
# make install [PREFIX=/usr/local] [DESTDIR=]; make fuzz, make format: see CONTRIBUTING.md
# Debian 12 and 13; written with Ubuntu 22.04's versions in mind. Missing packages are installed through apt (as root) or named.
SHELL = /bin/sh
JOBS := $(shell nproc)
PACKAGES = gcc libc6-dev make cmake pkg-config glslang-tools libvulkan-dev mesa-vulkan-drivers vulkan-validationlayers \
	libutf8proc-dev libcjson-dev libinih-dev libssl-dev zlib1g-dev libstb-dev libcmocka-dev jq gawk
# Without these a part is left out, with a message. Cameras (libcamera-dev, g++) are not in the list: they bring much with them.
OPTIONAL = libcoap3-dev libmicrohttpd-dev curl libcurl4-openssl-dev libmosquitto-dev mosquitto mosquitto-clients libzip-dev libsqlite3-dev sqlite3 libjpeg-dev libpng-dev libwebp-dev \
	libpq-dev lowdown netcat-openbsd socat
BLOB = build/demo.gguf

demo: release $(BLOB)
	@sh tools/demo/demo.sh build/release/ocelli $(BLOB)

# The picture of README and docs/cli.md, drawn by the program.
picture: release $(BLOB)
	mkdir -p docs/pictures
	build/release/ocelli tag -m $(BLOB) --device cpu --kind f16w -T tools/demo/tags.ini --top 5 --svg docs/pictures/tagged.svg tools/demo/pictures/dog-and-balloon.png

$(BLOB): release tools/demo/checkpoint/model.safetensors
	build/release/ocelli-convert tools/demo/checkpoint --name ocelli-demo -o $(BLOB)

# Twice as many tests as there are cores and one more: many of them wait most of their time.
test: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS)
	OCELLI_NEED_GPU=1 ctest --preset dev -j$$((2 * $(JOBS) + 1)) $(CTEST_FLAGS)

# What takes longer: for a nightly run.
test-all: test test-long test-http test-faults test-subgroups test-threads test-arm64 test-pi

# What `make test` takes a part of: every golden model with every product, every byte of a blob, every damaged history.
test-long: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target test_clip_towers test_blob_blob test_convert_convert test_tag_tagger_days test_memory_history
	OCELLI_LONG=1 OCELLI_NEED_GPU=1 ctest --preset dev -R '^(clip_towers|blob_blob|convert_convert|tag_tagger_days|memory_history)$$' -V

# Every allocation and every Vulkan call of a small run fails once; `make test` takes every 29th.
test-faults: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target test_faults test_faults_parts test_faults_history
	OCELLI_LONG=1 OCELLI_NEED_GPU=1 ctest --preset dev -R '^faults' -V

release: packages
	@echo "building in build/release"
	@cmake --preset release -DBUILD_TESTING=OFF >build-release.log 2>&1 || { cat build-release.log; exit 1; }
	@sed -n 's/^-- \(.*left out, .*\)/  \1/p' build-release.log
	@{ cmake --build --preset release -j$(JOBS) 2>&1 || echo 'build failed'; } | \
	 gawk '{ print >"build-release.log" } $$0 == "build failed" { failed = 1 } \
	       /^\[ *[0-9]+%\].*(Building|Generating)/ { done = substr($$0, 2) + 0; \
	         if (done >= next_told) { printf "  %d %%\n", done; fflush(); next_told = done - done % 20 + 20 } } \
	       END { exit failed }' || { cat build-release.log; exit 1; }
	@rm -f build-release.log

# make install PREFIX=/usr DESTDIR=package: without PREFIX, /usr/local.
PREFIX ?= /usr/local
install: release
	DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(abspath $(PREFIX))'

# The same for arm64 boards, in build/arm64/release; DESTDIR=folder cmake --install build/arm64/release --prefix /usr gathers it. Without
# cameras, whose module is made on a system of the board's own release.
arm64: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross mmdebstrap
arm64: packages
	sh cmake/arm64_root.sh build/arm64
	cmake --preset arm64
	cmake --build --preset arm64 -j$(JOBS)

# One build for Debian 12 and 13, Ubuntu 22.04 and 24.04, in build/portable; to be made on Debian 12. test-portable runs it in fresh Debian 12 and
# 13 systems: as root, and with the network the first time.
portable: PACKAGES += binutils
portable: packages
	cmake --preset portable
	cmake --build --preset portable -j$(JOBS)
test-portable: PACKAGES += mmdebstrap
test-portable: portable
	OCELLI_SOURCE=$(CURDIR) sh tests/portable/run.sh build/portable build/portable-systems

# The same tests with llvmpipe's subgroup at 4 and at 16 lanes (8 is what `make test` has).
test-subgroups: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS)
	for bits in 128 512; do LP_NATIVE_VECTOR_WIDTH=$$bits OCELLI_LONG=1 OCELLI_NEED_GPU=1 ctest --preset dev -R '^(op|vk|clip|api)_' || exit 1; done

# What has threads, under ThreadSanitizer. tests/tsan.supp names the drivers that are not built with it.
test-threads: packages
	cmake --preset threads
	cmake --build --preset threads -j$(JOBS)
	TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp die_after_fork=0 atexit_sleep_ms=0" SLOWER=10 OCELLI_NEED_GPU=1 ctest --preset threads -j$(JOBS) $(CTEST_FLAGS) \
	    -R '^(base_(log|thread|file_lock)|(daemon|memory|serve|source|tools|protocol|op_cpu)(_.*)?|api_api|e2e_(run|board|search|manners|edits|stall|stops))$$'

# Cameras: one that is plugged in, or libcamera's virtual one (0.4 and newer, no driver, no device):
#   sudo apt-get install libcamera-dev g++
#   sudo install -D -m 644 tests/source/virtual.yaml /usr/share/libcamera/pipeline/virtual/virtual.yaml
test-camera: PACKAGES += libcamera-dev g++
test-camera: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target test_source_camera test_source_camera_module test_source_replug
	ctest --preset dev -R '^source_(camera|camera_module|replug)$$' -V

# The demo's held-out score from the program itself.
demo-score: PACKAGES += python3-pil python3-numpy fonts-noto-color-emoji unicode-cldr-core
demo-score: release $(BLOB)
	sh tools/demo/score.sh build/release/ocelli $(BLOB) build/renders

# A false-alarm budget on pictures that were not learnt from; renders for some minutes when needed.
moderation-score: PACKAGES += python3-pil python3-numpy fonts-noto-color-emoji unicode-cldr-core
moderation-score: release $(BLOB)
	sh tools/demo/moderation.sh build/release/ocelli $(BLOB) build/moderation

# Every way in which a network camera answers wrongly: make test takes two of them.
test-http: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target ocelli ocelli-convert jpeg
	OCELLI_LONG=1 ctest --preset dev -R '^e2e_http$$' -V

fuzz:
	cmake --preset fuzz
	cmake --build --preset fuzz -j$(JOBS)
	sh tests/fuzz/run.sh build/fuzz/tests $(or $(SECONDS),600)

# The daemon with its ini rewritten 3000 times while it runs, its device lost 20 times, its source removed 100 times, then millions of frames of which it looks at 4000, without sanitizers:
# ten minutes. soak-pictures: 200000 frames, all of them looked at: an hour on two cores.
SOAK = OCELLI_NEED_GPU=1 OCELLI_CACHE= OCELLI_SOURCE=$(CURDIR) OCELLI_BUILD=$(CURDIR)/build/soak
soak: soak-build
	$(SOAK) REWRITES=1000 LOSSES=20 REMOVALS=100 sh tests/e2e/run.sh
	$(SOAK) GATE=yes sh tests/soak/memory.sh

soak-pictures: soak-build
	$(SOAK) sh tests/soak/memory.sh

# 200 SIGKILLs while tags are changed, what was learnt is saved and pictures are kept: no acknowledged change lost. Ten minutes.
soak-kills: soak-build
	build/soak/ocelli-convert tools/demo/checkpoint -o build/soak/demo.gguf
	rm -rf build/soak/kills
	OCELLI_CACHE= python3 tests/soak/kills.py build/soak/ocelli build/soak/demo.gguf build/soak/kills $(or $(KILLS),200)

# A broker killed and started 50 times beside a board: no state is wrong afterwards. Some minutes.
soak-mqtt: soak-build
	$(SOAK) ROUNDS=50 sh tests/e2e/mqtt.sh

# An ini saved by hand 10000 times beside changes over UDP: some minutes.
soak-edits: soak-build
	cmake --build build/soak -j$(JOBS) --target slow_disk
	SAVES=10000 $(SOAK) sh tests/e2e/edits.sh

# 1000 SIGKILLs while a library is written: nothing that was told is lost. Some minutes.
soak-library: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target test_memory_library
	OCELLI_KILLS=$(or $(KILLS),1000) ctest --preset dev -R '^memory_library$$' -V

# ocelli export and search --postgres with PostgreSQL 17 and pgvector of Debian 13; as root, with the network the first time. COUNT=1000000 MODEL=FILE
# for a million vectors of a model's size: an hour.
test-postgres: PACKAGES += mmdebstrap libpq-dev sqlite3 jq bc
test-postgres: packages
	cmake --preset release -DBUILD_TESTING=ON
	cmake --build --preset release -j$(JOBS) --target ocelli ocelli-convert library_bench
	sh tests/postgres/run.sh build/release build/postgres $(or $(COUNT),20000) $(MODEL)

soak-build: packages
	cmake -S . -B build/soak -DCMAKE_BUILD_TYPE=Release
	cmake --build build/soak -j$(JOBS) --target ocelli ocelli-convert frames notified lost_layer

# The daemon as it is installed, on an emulated arm64 Debian under systemd, with a USB camera that is plugged and unplugged; as root, and
# with the network the first time. REPLUGS=100 for more.
test-guest: PACKAGES += qemu-system-arm g++-aarch64-linux-gnu mmdebstrap kmod cpio e2fsprogs xz-utils libusbredirparser-dev
test-guest: release
	OCELLI_SOURCE=$(CURDIR) OCELLI_BUILD=$(CURDIR)/build/release GUEST=$(CURDIR)/build/guest sh tests/guest/run.sh

# Unit tests as arm64 programs without Vulkan, emulated as a Cortex-A72, the ops also as a Cortex-A76 and with i8mm: about five minutes, the
# first time with the network.
test-arm64: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static mmdebstrap
test-arm64: packages
	sh tests/arm64/run.sh build/arm64

# Debian packages of what is committed, in build/packages/SUITE; as root, and with the network. The first time for a release also its root:
# minutes. arm64 is cross compiled, and needs this machine's packages of the same release, which it makes if they are missing.
.PHONY: packages-deb test-packages
SUITE ?= trixie
ARCH ?= amd64
packages-deb: PACKAGES = git mmdebstrap debian-archive-keyring
packages-deb: packages
	sh packaging/build $(SUITE) $(ARCH)

# The packages of Debian 12 and 13 made, installed in a fresh root of each, tried, upgraded, removed, purged. Some minutes a release;
# SUITES=trixie ARCHES=amd64 for less. arm64 is emulated, and takes its time.
SUITES ?= bookworm trixie
ARCHES ?= amd64 arm64
test-packages: PACKAGES = git mmdebstrap debian-archive-keyring qemu-user-static
test-packages: packages
	for suite in $(SUITES); do for arch in $(ARCHES); do \
	    sh packaging/build $$suite $$arch && sh packaging/test $$suite $$arch || exit 1; done; done

# boards/orin/install-rootfs on a tree of Debian's arm64 packages that is laid out as NVIDIA's; as root, and with the network the first time.
test-rootfs: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static mmdebstrap
test-rootfs: packages
	sh packaging/emulated sh tests/rootfs/run.sh build/rootfs build/arm64

# Every pipeline with the drivers of a Raspberry Pi 4 and 5, under qemu-user on GPUs that are pretended; the network the first time. An hour.
test-pi: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static mmdebstrap libdrm-dev
test-pi: packages
	OCELLI_LONG=1 sh tests/pi/run.sh build/pi-test build/arm64

# What CI does beside `make test`: parts of test-arm64 and test-pi, or a line that says why not.
test-ci:
	sh tests/ci.sh build

# The Raspberry Pi's image (docs/boards.md), from the packages that `make packages-deb SUITE=trixie ARCH=arm64` made. Root, the network.
image: PACKAGES += mmdebstrap qemu-user-static mtools dosfstools fdisk u-boot-tools bmap-tools xz-utils zstd kmod cpio git
image: packages
	boards/image/build --debs build/packages/trixie --keep-img

# That image in QEMU: started, given wrong settings, updated, cut off: an hour. SCENARIOS="first cuts" for some, CUTS=20; SCENARIOS=model MODEL=FILE for one of your own.
test-image: PACKAGES += qemu-system-arm mtools dosfstools fdisk e2fsprogs zstd python3 u-boot-qemu
test-image: packages
	UPDATE=$$(ls build/image/*.update) python3 tests/image/run.py $$(ls build/image/*.img) build/image/boots \
	    $(or $(SCENARIOS),first settings growth small full updates cuts)

# The layer for Raspberry Pi's rpi-image-gen, applied to a small Debian 13, with the packages of `make packages-deb SUITE=trixie`. Root, the network.
test-layer: PACKAGES += bdebstrap mmdebstrap python3-debian python3-yaml
test-layer: packages
	sh tests/image/layer.sh build/packages/trixie build/layer

# A thousand CoAP observers, a change a second, for an hour: none lost, memory told each minute.
soak-observers: packages
	cmake -S . -B build/soak -DCMAKE_BUILD_TYPE=Release
	cmake --build build/soak -j$(JOBS) --target protocol_server
	sh tests/protocol/observers.sh build/soak/tests/protocol_server 1000 $(or $(SECONDS),3600)

# Two million random and damaged datagrams, and half as many pieces on a serial line, to a board with sanitizers.
soak-datagrams: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target protocol_server
	python3 tests/protocol/flood.py build/dev/tests/protocol_server $(or $(COUNT),1000000)

# aiocoap, which is not ours, over UDP and a serial line. Needs PyPI and socat.
test-foreign: PACKAGES += python3-venv socat
test-foreign: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target protocol_server
	python3 -m venv build/foreign
	build/foreign/bin/pip install -q aiocoap==0.4.17 cbor2
	sh tests/protocol/foreign.sh build/dev/tests/protocol_server build/foreign/bin/python

format:
	clang-format -i $$(git ls-files '*.c' '*.h' '*.inc' '*.cpp' | grep -v -e tests/golden -e entities.h)

packages:
	@missing=; wanted=; for p in $(PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	for p in $(OPTIONAL); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || wanted="$$wanted $$p"; done; \
	export DEBIAN_FRONTEND=noninteractive; \
	if [ -n "$$wanted" ] && [ "$$(id -u)" = 0 ]; then echo "installing through apt, if it can be had:$$wanted"; \
	    { apt-get update -q && apt-get install -q -y --no-install-recommends$$wanted; } >/dev/null 2>&1 || echo "left out:$$wanted"; fi; \
	if [ -n "$$wanted" ] && [ "$$(id -u)" != 0 ]; then \
	    echo "optional packages, for all parts run: sudo apt-get update; sudo apt-get install -y$$wanted"; fi; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "missing packages, run: sudo apt-get update; sudo apt-get install -y$$missing"; exit 1; fi; \
	echo "installing through apt:$$missing"; \
	apt-get update -q >/dev/null && apt-get install -q -y --no-install-recommends$$missing >apt.log 2>&1 || { cat apt.log; exit 1; }; \
	rm -f apt.log

# The page in Chromium, and the picture of docs/web.md. Needs PyPI.
test-browser: PACKAGES += python3-venv chromium
test-browser: packages
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS) --target ocelli ocelli-convert frames
	test -x build/browser/bin/python || python3 -m venv build/browser
	build/browser/bin/pip install -q websocket-client==1.9.2 axe-playwright-python==0.1.8 pillow==12.0.0
	build/browser/bin/python tests/browser/browser.py build/dev . build/browser/shots --screenshot docs/pictures/web.png

.PHONY: demo test-http test-browser picture image test-image test-layer test test-all test-long test-faults release arm64 portable test-portable install test-subgroups test-threads test-camera test-guest test-arm64 demo-score moderation-score fuzz soak soak-pictures soak-kills soak-edits soak-mqtt soak-library test-postgres soak-build test-rootfs test-pi test-ci soak-observers soak-datagrams test-foreign format packages
