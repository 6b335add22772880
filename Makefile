# carnet: see README.md.  Everything that is built goes to $(BUILD)/.

CC       ?= cc
CFLAGS   ?= -O2 -g
BUILD    ?= build
PYTHON   ?= /usr/bin/python3
PORT     ?= 8080
# Not from the environment, where some shells have the machine's name.
HOST      = 127.0.0.1
RUN_DIR  ?= run
# A URI of PostgreSQL, for the first start with PGSQL=1.
DATABASE  =
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  ?= 0.1
LIBEXEC  ?= $(PREFIX)/lib/carnet
SHARE    ?= $(PREFIX)/share/carnet
MAN      ?= $(PREFIX)/share/man
DOC      ?= $(PREFIX)/share/doc/carnet

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wundef -Wcast-qual \
	-Wpointer-arith -Wimplicit-fallthrough $(if $(CI),-Werror)
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection -fPIE
# What a program does not call is left out, and tables that only C++ needs: no
# exception passes through here, and debuggers read .debug_frame.  carnet doctor
# looks for embed_mark.
SMALL    = -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
ALL_CPPFLAGS = -D_GNU_SOURCE -DCARNET_VERSION='"$(VERSION)"' \
	$(if $(PGSQL),-DCARNET_PGSQL) $(INCLUDES) $(CPPFLAGS)
# A folder of lib/ includes from itself and those above it (lib/README.md).
IN_BASE  = -Ilib/base
IN_STORE = -Ilib/store $(IN_BASE)
IN_WEB   = -Ilib/web $(IN_STORE)
INCLUDES = -Ilib/oauth $(IN_WEB)
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(SMALL) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,--as-needed,--gc-sections,-u,embed_mark $(LDFLAGS)
# SQLite comes first: most symbols that are searched at start are in it, and those
# of libc are then not searched in libraries that few programs use.
LIBS = $(if $(PGSQL),-lpq) -lsqlite3 -lgnutls -lnettle -ljson-c -lcrypt -lc -lidn2 -lunistring -largon2 -lcbor -loath -lqrencode $(LDLIBS)

LIB      = $(BUILD)/libcarnet.a
LIB_SRC  = $(wildcard lib/*/*.c lib/store/sqlite/*.c $(if $(PGSQL),lib/store/pgsql/*.c))
ARENA    ?= lib/base/arena.c
LIB_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out lib/base/arena.c,$(LIB_SRC)) \
	$(ARENA)) $(BUILD)/gen/embed.o
PROGRAMS = $(patsubst %.c,$(BUILD)/%,$(wildcard cgi-bin/*.c))
COMMAND  = $(BUILD)/bin/carnet
# carnet courier runs them: libcurl is in no other program.  Without libcurl there are none.
CURLERS  = $(if $(wildcard /usr/include/curl/curl.h /usr/include/*/curl/curl.h),$(BUILD)/bin/carnet-smtp $(BUILD)/bin/carnet-fetch)
COMMAND_SRC = $(wildcard bin/*.c bin/doctor/*.c)
UNITS    = $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(filter-out $(if $(PGSQL),,test/unit/test_pgsql%),$(wildcard test/unit/test_*.c)))
FUZZERS  = $(patsubst test/fuzz/%.c,$(BUILD)/%,$(wildcard test/fuzz/fuzz_*.c))
EMBED    = lib/store/sqlite/schema.sql $(if $(PGSQL),$(BUILD)/gen/pgsql/schema.sql) $(wildcard templates/*)

all: $(PROGRAMS) $(COMMAND) $(CURLERS) $(BUILD)/deploy/keep

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) -include lib/base/banned.h $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lib/base/%.o: INCLUDES = $(IN_BASE)
$(BUILD)/lib/store/%.o: INCLUDES = $(IN_STORE)
$(BUILD)/lib/store/sqlite/%.o: INCLUDES = -Ilib/store/sqlite $(IN_STORE)
$(BUILD)/lib/store/pgsql/%.o: INCLUDES = -Ilib/store/pgsql -isystem /usr/include/postgresql $(IN_STORE)
$(BUILD)/lib/web/%.o: INCLUDES = $(IN_WEB)
$(BUILD)/bin/doctor/%.o: INCLUDES += -Ibin

$(LIB): $(LIB_OBJ)
	$(AR) rcs $@.new $(LIB_OBJ) && mv $@.new $@

# What a program does not call is left out first: --as-needed looks before --gc-sections
# does, and would load libraries for it.  Sanitizers and coverage need all sections.
define link
$(LD) -r $(if $(filter -fsanitize% --coverage,$(CFLAGS)),,--gc-sections) -e main -u embed_mark -o $@.all.o $(filter %.o,$^) $(LIB)
$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $@.all.o $(LIBS)
@rm -f $@.all.o
endef
$(PROGRAMS): $(BUILD)/cgi-bin/%: $(BUILD)/cgi-bin/%.o $(LIB)
	$(link)

$(COMMAND): $(COMMAND_SRC:%.c=$(BUILD)/%.o) $(LIB)
	$(link)

$(BUILD)/bin/carnet-fetch: $(BUILD)/libexec/public.o
$(CURLERS): $(BUILD)/bin/%: $(BUILD)/libexec/%.o $(BUILD)/libexec/curler.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) -lcurl $(LDLIBS)

$(BUILD)/deploy/keep: $(BUILD)/deploy/keep.o
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

# Apache's module.  It has nothing of the library, but modules/, and its own flags: sanitizers are
# not for a part of another program.  The macros of APR cast qualifiers away.
APXS     ?= apxs
APACHE   = $(BUILD)/apache/mod_carnet.so
APACHE_SRC = $(wildcard apache/*.c modules/*.c)
APACHE_CFLAGS ?= -O2 -g
apache:
	@sh deploy/deps.sh apache
	@$(MAKE) -s $(APACHE)

$(APACHE): $(APACHE_SRC) $(wildcard apache/*.h modules/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -include lib/base/banned.h -Imodules -isystem "$$($(APXS) -q INCLUDEDIR)" \
	    -isystem "$$($(APXS) -q APR_INCLUDEDIR)" -std=c11 $(filter-out -Wcast-qual,$(WARN)) $(HARDEN:-fPIE=-fPIC) \
	    $(APACHE_CFLAGS) -shared -Wl,-z,relro,-z,now -o $@ $(APACHE_SRC)

# The schema of PostgreSQL is SQLite's, with its types.
$(BUILD)/gen/pgsql/schema.sql: lib/store/pgsql/schema.sed lib/store/sqlite/schema.sql
	@mkdir -p $(@D)
	sed -E -f lib/store/pgsql/schema.sed lib/store/sqlite/schema.sql >$@.new && mv $@.new $@

# nginx's module.  nginx loads only one that was built with its own options.
NGINX    = $(BUILD)/nginx/ngx_http_carnet_module.so
nginx:
	@sh deploy/deps.sh nginx
	@$(MAKE) -s $(NGINX)

$(NGINX): $(wildcard nginx/* modules/*)
	bash nginx/build.sh $(BUILD)/nginx

# Templates and schema become C strings: a deployment is the binaries alone.
$(BUILD)/gen/embed.c: lib/base/embed.sh $(EMBED)
	@mkdir -p $(@D)
	sh lib/base/embed.sh $(EMBED) >$@.new && mv $@.new $@

$(BUILD)/gen/embed.o: $(BUILD)/gen/embed.c
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-overlength-strings -c -o $@ $<

$(BUILD)/unit/%: test/unit/%.c test/unit/unit.h $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) -Ilib/store/sqlite -Imodules $(if $(PGSQL),-isystem /usr/include/postgresql) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) -lcmocka $(LIBS)

units: $(UNITS)

# The packages that a fresh Debian lacks.  Each target installs them or names them.
deps:
	@sh deploy/deps.sh all

run:
	@sh deploy/deps.sh run
	@$(if $(PGSQL),sh deploy/deps.sh pgsql)
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) HOST=$(HOST) PORT=$(PORT) RUN_DIR=$(RUN_DIR) DATABASE='$(DATABASE)' exec sh deploy/run.sh

test:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all units $(APACHE) $(NGINX)
	@$(MAKE) -s pgsql
	@$(MAKE) -s fuzz-build
	@BUILD=$(BUILD)$(if $(STORE),/$(STORE)) STORE=$(STORE) $(PYTHON) test/run.py

bench:
	@sh deploy/deps.sh bench
	@$(MAKE) -s -j$$(nproc) all static $(APACHE) $(NGINX)
	@BUILD=$(BUILD) bench/run.sh
	@BUILD=$(BUILD) $(PYTHON) bench/measure.py

include deploy/static/static.mk
include test/checks.mk

# Programs, command, pages of the manual, examples; /etc/carnet for carnet.conf.
# A page for each program leads to the one about all of them.
NAMES = $(notdir $(PROGRAMS))
install: all
	install -d $(addprefix $(DESTDIR),/etc/carnet $(PREFIX)/bin $(LIBEXEC)/cgi-bin $(DOC)/doc \
	    $(MAN)/man1 $(MAN)/man5 $(MAN)/man7 $(MAN)/man8 $(SHARE)/templates)
	install -m 755 $(PROGRAMS) $(DESTDIR)$(LIBEXEC)/cgi-bin
	install -m 755 $(COMMAND) $(DESTDIR)$(PREFIX)/bin/carnet
	$(if $(CURLERS),install -m 755 $(CURLERS) $(DESTDIR)$(LIBEXEC))
	for n in 1 5 7 8; do install -m 644 man/*.$$n $(DESTDIR)$(MAN)/man$$n; done
	for n in $(NAMES); do echo '.so man8/carnet-cgi.8' >$(DESTDIR)$(MAN)/man8/carnet-$$n.8; done
	chmod 644 $(DESTDIR)$(MAN)/man8/carnet-*.8
	install -m 644 templates/* $(DESTDIR)$(SHARE)/templates
	install -m 644 carnet.conf.example lib/store/sqlite/schema.sql $(DESTDIR)$(SHARE)
	install -m 644 README.md CHANGES $(DESTDIR)$(DOC)
	install -m 644 doc/*.md $(DESTDIR)$(DOC)/doc
	cd deploy && find apache cluster examples lighttpd nginx passport systemd spawn.sh -type f \
	    -exec install -D -m 644 {} $(DESTDIR)$(SHARE)/deploy/{} \;
	install -m 755 deploy/spawn.sh $(DESTDIR)$(SHARE)/deploy
	for f in bash-completion/completions/carnet zsh/vendor-completions/_carnet; do install -D -m 644 deploy/completion/$${f##*/} $(DESTDIR)$(PREFIX)/share/$$f; done

# Remove what install wrote; configuration and data stay.
uninstall:
	rm -rf $(DESTDIR)$(LIBEXEC)/cgi-bin $(addprefix $(DESTDIR)$(LIBEXEC)/carnet-,smtp fetch) $(DESTDIR)$(SHARE) $(DESTDIR)$(DOC)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions/carnet zsh/vendor-completions/_carnet) $(DESTDIR)$(PREFIX)/bin/carnet $(addprefix $(DESTDIR)$(MAN)/man8/carnet-,$(addsuffix .8,$(NAMES)))
	cd man && for f in *; do rm -f $(DESTDIR)$(MAN)/man$${f##*.}/$$f; done
	-rmdir $(DESTDIR)$(LIBEXEC) $(DESTDIR)/etc/carnet 2>/dev/null

# A tarball of the committed source; and the bundle for a shared host.
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=carnet-$(VERSION)/ HEAD | gzip -9n >$(BUILD)/carnet-$(VERSION).tar.gz
bundle:
	@sh deploy/deps.sh static
	@$(MAKE) -s -j$$(nproc) $(ONE)
	@sh deploy/bundle.sh $(BUILD) $(VERSION)
deb:
	@sh deploy/deps.sh deb
	@sh deploy/deb.sh $(BUILD) $(VERSION)

clean:
	rm -rf $(BUILD)

help:
	@echo 'make            build into $(BUILD)/'
	@echo 'make static     the same without shared libraries, into $(BUILD)/static/'
	@echo 'make pgsql      the same with PostgreSQL in it, into $(BUILD)/pgsql/;  make PGSQL=1: into $(BUILD)/'
	@echo 'make apache     mod_carnet, the guard as a module of Apache, into $(BUILD)/apache/'
	@echo 'make nginx      the same for nginx, into $(BUILD)/nginx/'
	@echo 'make run        serve everything on 127.0.0.1:$(PORT);  HOST=localhost: with passkeys'
	@echo 'make test       run every test;  make asan: with sanitizers'
	@echo 'make soak       millions of requests, kills, faults: takes long'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=;  make uninstall, dist, bundle, deb'
	@echo 'make fuzz       hand every parser odd input; TIME=60 seconds or RUNS=inputs each, TARGET=one'
	@echo 'make timing     what the time of an answer tells;  make valgrind: leaks, and growth'
	@echo 'make passport   a site of Laravel Passport moves here, each token is tried'
	@echo 'make people     the people of another site sign in: seconds, memory'
	@echo 'make strangers  a million of made-up registrations and documents; bounded rows'
	@echo 'make mcp        clients of the MCP SDKs before a guarded MCP server; needs npm, PyPI'
	@echo 'make apps       apps of others sign their users in and out; needs npm, PyPI, Go'
	@echo 'make revocations  10,000 of them, each seen by the next request under mod_carnet'
	@echo 'make cluster    three PostgreSQL and two front ends: faults under load;  FAULTS=words FAILOVERS=10'
	@echo 'make transfer   a million tokens move to PostgreSQL and back;  TOKENS=1000000'
	@echo 'make cov        which lines of lib/ the tests run'
	@echo 'make bench      measure;  make screenshots, tidy, fmt, lint-man, deps, clean'

-include $(LIB_OBJ:.o=.d) $(PROGRAMS:=.d) $(UNITS:=.d) $(FUZZERS:=.d) $(COMMAND_SRC:%.c=$(BUILD)/%.d) $(wildcard $(BUILD)/deploy/*.d $(BUILD)/libexec/*.d)
.PHONY: all static apache nginx pgsql units deps run test bench asan fuzz fuzz-build fuzz-keep fuzzers cov tidy fmt \
	lint-man timing passport people strangers mcp apps revocations valgrind soak cluster transfer screenshots install uninstall dist bundle deb clean help
.SECONDARY:
