# Feldsher. Out-of-tree in $(B); `make V=1` shows commands.
B      ?= build
PREFIX ?= /usr/local
V      ?= 0
Q      := $(if $(filter 1,$(V)),,@)
say     = @printf '  %-5s %s\n' $(1) $(2)

MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

ifeq ($(origin CC),default)
CC := gcc
endif
VERSION := 1
PKGS    := libsodium libzstd sqlite3 jansson libseccomp gnutls libsystemd zlib ncursesw libusb-1.0

warn := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wcast-qual -Wstrict-prototypes \
        -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wswitch-enum \
        -Wimplicit-fallthrough
warn += $(if $(findstring clang,$(CC)),,-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init \
        -Wformat-overflow=2 -Wformat-truncation=2)
hard := -fstack-protector-strong -fstack-clash-protection -fno-common $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)

OPT      ?= -O2 -D_FORTIFY_SOURCE=3
CPPFLAGS += -I. -D_GNU_SOURCE -DFELDSHER_VERSION='"$(VERSION)"' -MMD -MP
CFLAGS   += -std=c17 -g $(OPT) $(warn) $(hard) -fPIE -pthread $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(EXTRA)
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(EXTRA)
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
src = $(sort $(filter-out %/main.c,$(wildcard $(addsuffix /*.c,$(1)))))

storage  := $(call obj,$(call src,storage storage/*))
# what deletes is in feldsher-erase alone, what reads a video or a log of positions in feldsher-probe alone
erase    := $(call obj,$(call src,drivers/erase))
media    := $(call obj,$(call src,drivers/probe/inside))
parsers  := $(call obj,$(addprefix drivers/probe/,boxes.c degrees.c freegps.c gpx.c nmea.c track.c))
drivers  := $(filter-out $(erase) $(parsers),$(call obj,$(call src,drivers drivers/*)))
link     := $(call obj,$(call src,sync/folder))
road     := $(call obj,$(call src,sync/link sync/wire))
client   := $(call obj,$(call src,sync/client))
hub      := $(call obj,$(call src,sync/hub))
player   := $(call obj,$(addprefix tui/play/,ask.c cage.c mpv.c player.c))
tui      := $(filter-out $(player),$(call obj,$(call src,tui tui/*)))

programs := feldsher feldsher-play feldsher-dock feldsher-erase feldsher-probe feldsher-sync feldsher-hub
bins     := $(addprefix $(B)/,$(programs))
units    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
replays  := $(patsubst tests/fuzz/fuzz_%.c,$(B)/replay/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzzers  := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
benches  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
# the terminal that drive.c and some units link with, in process
terminal := $(call obj,tests/system/terminal.c tests/system/picture.c)
helpers  := $(patsubst tests/system/%.c,$(B)/system/%,$(filter-out %/terminal.c %/picture.c,$(wildcard tests/system/*.c))) $(B)/link/note
texts    := $(patsubst tui/lang/%.po,$(B)/lang/%/LC_MESSAGES/feldsher.mo,$(wildcard tui/lang/*.po))
gadgets  := $(patsubst tests/usb/%.c,$(B)/usb/%,$(wildcard tests/usb/*.c))
roads    := $(patsubst tests/link/%.c,$(B)/link/%,$(wildcard tests/link/*.c))

.PHONY: all run test check screenshots keys setup lint analyze format asan fuzz fuzzers torture test-usb torture-usb simulate bench benches link strings pot install man clean
.SECONDARY:
all: $(bins) $(texts)

$(B)/feldsher:      $(call obj,tui/main.c) $(tui) $(B)/storage.a
$(B)/feldsher-play: $(call obj,$(addprefix tui/play/,main.c place.c wire.c)) $(player) $(B)/storage.a
$(B)/feldsher-dock: $(call obj,drivers/dock/main.c) $(drivers) $(B)/storage.a
$(B)/feldsher-erase: $(call obj,drivers/erase/main.c) $(erase) $(filter-out $(B)/obj/drivers/dock/%,$(drivers)) $(B)/storage.a
$(B)/feldsher-probe: $(call obj,$(addprefix drivers/,manual.c probe/inside/main.c probe/moment.c probe/talk.c)) $(media) $(parsers) $(B)/storage.a
$(B)/feldsher-probe: LDLIBS += $(shell pkg-config --libs libavformat libavcodec libswscale libavutil 2>/dev/null)
$(B)/feldsher-sync: $(call obj,sync/client/main.c) $(client) $(link) $(road) $(B)/storage.a
$(B)/feldsher-hub:  $(call obj,sync/hub/main.c) $(hub) $(link) $(road) $(B)/storage.a
$(bins):
	$(call say,LD,$(@F))
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

$(B)/storage.a: $(storage)
	$(call say,AR,$(@F))
	$(Q)rm -f $@ && ar qcs $@ $^
# everything but the main files: what the tests link with
$(B)/all.a: $(storage) $(drivers) $(parsers) $(erase) $(link) $(road) $(client) $(hub) $(tui) $(player)
	$(call say,AR,$(@F))
	$(Q)rm -f $@ && ar qcs $@ $^

$(B)/obj/storage/catalog/retention.o: storage/catalog/retention.csv
$(B)/obj/drivers/profiles/built_in.o: $(wildcard drivers/profiles/*.profile)
$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# devices that are models: what units of the drivers talk to
$(B)/models.a: $(call obj,$(sort $(wildcard tests/unit/script*.c)))
	$(call say,AR,$(@F))
	$(Q)rm -f $@ && ar qcs $@ $^
$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/models.a $(B)/all.a
	$(call say,LD,unit/$(@F))
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
$(B)/bench/%: $(B)/obj/tests/bench/%.o $(B)/all.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
$(B)/system/%: $(B)/obj/tests/system/%.o $(B)/all.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/system/drive $(B)/unit/test_terminal: $(terminal)
$(B)/system/drive $(B)/unit/test_terminal: LDLIBS += -lvterm
$(B)/link/%: $(B)/obj/tests/link/%.o $(B)/all.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/usb/%: $(B)/obj/tests/usb/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
# a fuzz target as a regression test over its corpus, any compiler
$(B)/replay/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/replay.o $(B)/all.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
# and under libFuzzer (made by `make fuzz` with clang)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/all.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# What a person reads, in Russian and Kazakh. `make pot` gathers new strings
# into the .po files; what takes text besides _() and N_() is named here.
$(B)/lang/%/LC_MESSAGES/feldsher.mo: tui/lang/%.po
	$(call say,MO,$<)
	@mkdir -p $(@D)
	$(Q)msgfmt --check-format --check-domain -o $@ $<
takes := _ N_ ngettext:1,2 FIELD:2 err_set:2 err_errno:2 broken:2 malformed:1 room:5 twice:1 check_name:1 not_one:1 \
         fault:2 refuse_item:3 quarantine:4 camera_errno:1 tell:4 usage:1 end_with:4 no_memory_or_bug:2 say:3 say_number:3
takes_too := fault:3 say:4
gather = xgettext --language=C --from-code=UTF-8 --no-wrap --sort-by-file --add-location=file \
         --package-name=feldsher -o $(B)/feldsher.pot -f $(B)/sources
strings:
	@mkdir -p $(B)
	$(Q)find storage drivers sync/client sync/folder sync/link sync/wire tui -name '*.[ch]' | LC_ALL=C sort >$(B)/sources
	$(Q)$(gather) -k $(addprefix -k,$(takes)) && $(gather) -j -k $(addprefix -k,$(takes_too))
pot: strings
	$(Q)for po in tui/lang/*.po; do \
	    msgmerge --quiet --update --backup=none --no-wrap --no-fuzzy-matching --add-location=file --sort-by-file $$po $(B)/feldsher.pot && \
	    msgattrib --no-obsolete --no-wrap --add-location=file --sort-by-file -o $$po $$po; done

run:
	@tests/setup.sh run
	@$(MAKE) all
	@tests/demo.sh $(B)

test:
	@tests/setup.sh test
	@$(MAKE) check

check: $(bins) $(texts) $(units) $(replays) $(helpers) $(gadgets)
	@B=$(B) tests/run.sh

# the pictures of README.md, drawn by the screens' own scripts
screenshots:
	@tests/setup.sh test
	@$(MAKE) $(bins) $(B)/system/drive
	@B=$(B) sh tests/screens/play.sh --draw tui/pictures

keys: $(bins)
	$(Q)$(B)/feldsher --lang en keys | sed '1{/^$$/d}' > tui/KEYS.md

setup:
	@tests/setup.sh test

lint:
	@tests/lint.sh

# what the analyzers have found nothing in: looked at again when its object is made again
sources  = $(wildcard $(foreach d,$(1),$d/*.c $d/*/*.c $d/*/*/*.c))
plain    = $(filter-out -MMD -MP,$(CPPFLAGS))
analyzed := $(patsubst %.c,$(B)/analyzed/%,$(call sources,storage drivers sync tui tests))
analyze: $(analyzed)
$(B)/analyzed/tests/%: $(B)/obj/tests/%.o
	@mkdir -p $(@D)
	$(Q)gcc $(plain) $(CFLAGS) -Werror -c -o /dev/null tests/$*.c
	@touch $@
$(B)/analyzed/%: $(B)/obj/%.o .clang-tidy
	$(call say,LOOK,$*.c)
	@mkdir -p $(@D)
	$(Q)gcc $(plain) $(CFLAGS) -Werror -fanalyzer -c -o /dev/null $*.c
	$(Q)clang-tidy --quiet $*.c -- $(plain) -std=c17 $(shell pkg-config --cflags $(PKGS)) 2>/dev/null
	@touch $@

format:
	$(Q)clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

san := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
asan:
	@tests/setup.sh test
	@$(MAKE) B=build/asan CC=clang OPT=-O1 EXTRA='$(san)' check

fuzzers: $(fuzzers)
fuzz:
	@tests/setup.sh test
	@$(MAKE) B=build/fuzz CC=clang OPT=-O1 EXTRA='$(san) -fsanitize=fuzzer-no-link' fuzzers
	@tests/fuzz/run.sh build/fuzz/fuzz

# real USB devices, in a guest under QEMU: what is part of the tests, and what takes long
test-usb: $(bins) $(helpers) $(gadgets)
	@for t in tests/system/usb*.sh; do B=$(B) sh $$t || exit 1; done
torture-usb: test-usb
	@for t in mtp faults; do LONG=1 B=$(B) sh tests/system/usb_$$t.sh || exit 1; done
	@for t in images images-long large; do python3 tests/guest/run.py $(B) tests/usb/$$t.sh 1200 || exit 1; done

torture: $(bins) $(helpers)
	@B=$(B) FLIPS=all tests/torture.sh

simulate: $(B)/unit/test_wire_simulation
	@SIMULATIONS=$${SIMULATIONS:-10000} $<

benches: $(bins) $(benches) $(B)/system/drive $(B)/system/ptpls
bench:
	@tests/setup.sh bench
	@$(MAKE) benches
	@B=$(B) tests/bench/run.sh

link:
	@tests/setup.sh link
	@$(MAKE) $(bins) $(roads)
	@B=$(B) tests/link/run.sh

man: $(bins)
	@mkdir -p $(B)/man
	$(Q)for p in $(programs); do FELDSHER_LANG=en $(B)/$$p --man > $(B)/man/$$p.1; done

install: man $(texts)
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	$(Q)install -m 755 $(bins) $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 644 $(addprefix $(B)/man/,$(addsuffix .1,$(programs))) $(DESTDIR)$(PREFIX)/share/man/man1
	$(Q)for l in ru kk; do install -D -m 644 $(B)/lang/$$l/LC_MESSAGES/feldsher.mo \
	    $(DESTDIR)$(PREFIX)/share/locale/$$l/LC_MESSAGES/feldsher.mo; done
	$(Q)install -D -m 755 tui/lang/console.sh $(DESTDIR)$(PREFIX)/share/feldsher/console.sh
	$(Q)[ -n '$(DESTDIR)' ] || [ '$(CONSOLE)' = no ] || [ "$$(id -u)" != 0 ] || sh tui/lang/console.sh keep
	$(Q)install -D -m 644 drivers/usb/70-feldsher.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/70-feldsher.rules
	$(Q)[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || udevadm control --reload 2>/dev/null || true
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(Q)sed 's|@PREFIX@|$(PREFIX)|' sync/hub/feldsher-hub.service > $(B)/feldsher-hub.service
	$(Q)sed 's|@PREFIX@|$(PREFIX)|' drivers/dock/feldsher-dock.service > $(B)/feldsher-dock@.service
	$(Q)install -m 644 $(B)/feldsher-hub.service $(B)/feldsher-dock@.service $(DESTDIR)$(PREFIX)/lib/systemd/system

clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
