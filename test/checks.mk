# checks.mk: checks that make test leaves out, as they take long or need more.

# For a long time: kill workers under load, and let many use what is valid once.
soak:
	@sh deploy/deps.sh test
	@sh deploy/deps.sh bench
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) $(PYTHON) test/soak.py

# The same with PostgreSQL in it, in $(BUILD)/pgsql/, for make test (STORE=pgsql: all
# tests are run over it).  Objects that have nothing of it are not compiled again.
STORE     ?=
PGSQL_GOALS = all units
OF_PGSQL   = $(patsubst %.c,%.o,$(shell grep -l CARNET_PGSQL lib/*/*.c))
pgsql:
	@mkdir -p $(BUILD)/pgsql
	@cd $(BUILD) && find bin cgi-bin deploy lib libexec -name '*.o' $(patsubst %,! -path %,$(OF_PGSQL)) | \
	    tar -cf - -T - | tar -C pgsql -xpf -
	@for f in $(APACHE:$(BUILD)/%=%) $(NGINX:$(BUILD)/%=%); do if [ -f $(BUILD)/$$f ]; then \
	    mkdir -p $(BUILD)/pgsql/$${f%/*}; cp -pu $(BUILD)/$$f $(BUILD)/pgsql/$$f; fi; done
	@$(MAKE) -s -j$$(nproc) BUILD=$(BUILD)/pgsql PGSQL=1 $(PGSQL_GOALS)

# The same tests with the address and undefined-behaviour sanitizers.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
asan:
	@$(MAKE) test BUILD=$(BUILD)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer $(SANITIZE)"

# Measure whether the time of an answer tells a secret.  Run each program under
# valgrind: as plain CGI by the tests, as FastCGI for REQUESTS requests (heap, leaks).
timing:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $(BUILD)/timing test/timing.c $(LIB) $(LIBS) -lm
	$(BUILD)/timing
	@BUILD=$(BUILD) $(PYTHON) test/timing.py

# 10,000 revocations under load, each seen by the next request (mod_carnet).
REVOCATIONS ?= 10000
revocations:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all $(APACHE)
	@BUILD=$(BUILD) REVOCATIONS=$(REVOCATIONS) $(PYTHON) -m pytest -q -p no:cacheprovider \
	    --rootdir test -k revocation test/http/guard/test_remembered.py

# Three PostgreSQL and two front ends (deploy/cluster): faults, under a load that keeps
# account of every answer.
cluster:
	@sh deploy/deps.sh cluster
	@$(MAKE) -s -j$$(nproc) all
	@$(MAKE) -s pgsql PGSQL_GOALS=all
	@BUILD=$(BUILD)/pgsql $(PYTHON) test/cluster.py

# A million tokens move from SQLite to PostgreSQL and back, and are compared.
transfer:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all
	@$(MAKE) -s pgsql PGSQL_GOALS=all
	@BUILD=$(BUILD)/pgsql $(PYTHON) test/transfer.py

# 20,000 people of another site sign in.
people:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) $(PYTHON) test/people.py

# 1,000,000 strangers register clients, and as many come with documents.
strangers:
	@sh deploy/deps.sh test
	@sh deploy/deps.sh bench
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) $(PYTHON) test/strangers.py

# 100,000 people and 1,000,000 tokens of Laravel Passport move here, and each is tried.
passport:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) $(PYTHON) test/passport.py

# The clients of the MCP SDKs, current and a year old, before an MCP server behind the
# guard.  npm and pip fetch the SDKs.
mcp:
	@sh deploy/deps.sh test
	@sh deploy/deps.sh mcp
	@$(MAKE) -s -j$$(nproc) all $(APACHE)
	@BUILD=$(BUILD) $(PYTHON) test/run.py mcp

# Apps of others sign in and out, in Chromium (doc/apps.md).  apt, npm, pip, go and Maven
# fetch them.
apps:
	@sh deploy/deps.sh test
	@sh deploy/deps.sh apps
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) $(PYTHON) test/run.py apps

valgrind:
	@sh deploy/deps.sh test
	@sh deploy/deps.sh valgrind
	@$(MAKE) -s -j$$(nproc) all
	@BUILD=$(BUILD) WRAP="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite" \
	    $(PYTHON) test/run.py cgi
	@BUILD=$(BUILD) $(PYTHON) test/valgrind.py

# Run each target of test/fuzz, or only TARGET, for TIME seconds or RUNS inputs.
TIME ?= 60
RUNS ?=
fuzz: fuzz-build
	@BUILD=$(BUILD)/fuzz TIME=$(TIME) RUNS=$(RUNS) TARGET=$(TARGET) PYTHON=$(PYTHON) sh test/fuzz/run.sh

fuzz-keep:
	tar -C $(BUILD)/fuzz/corpus --sort=name --owner=0 --group=0 --mtime=@0 -czf test/fuzz/corpus.tar.gz .

fuzz-build:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) BUILD=$(BUILD)/fuzz CC=clang HARDEN=-fPIE \
	    ARENA=test/fuzz/arena.c all fuzzers \
	    CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link $(SANITIZE)"

$(FUZZERS): $(BUILD)/%: test/fuzz/%.c $(LIB)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS)

fuzzers: $(FUZZERS)

# Count which lines of lib/ the unit, CGI and HTTP tests run.
cov:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) BUILD=$(BUILD)/cov HARDEN=-fPIE CFLAGS="-O0 -g --coverage -DCARNET_COVERAGE" all units
	@find $(BUILD)/cov -name '*.gcda' -delete
	@BUILD=$(BUILD)/cov $(PYTHON) test/run.py unit cgi http || \
	    echo 'cov: what failed may be for the files of coverage beside the programs'
	@$(PYTHON) test/cov.py $(BUILD)/cov

tidy:
	@sh deploy/deps.sh lint
	clang-tidy --quiet $(LIB_SRC) cgi-bin/*.c $(COMMAND_SRC) -- -std=c11 $(ALL_CPPFLAGS) -Ibin -include lib/base/banned.h

fmt:
	@sh deploy/deps.sh lint
	clang-format -i lib/*/*.[ch] lib/store/sqlite/*.[ch] cgi-bin/*.c bin/*.[ch] bin/doctor/*.[ch] test/unit/*.[ch] test/fuzz/*.[ch]

lint-man:
	@sh deploy/deps.sh lint
	mandoc -T lint -W warning man/*.[1-8]

# Take the pictures in README.md from a running server.
screenshots:
	@sh deploy/deps.sh test
	@$(MAKE) -s -j$$(nproc) all
	BUILD=$(BUILD) $(PYTHON) test/browser/screenshots.py
	BUILD=$(BUILD) $(PYTHON) test/browser/page_screenshots.py
