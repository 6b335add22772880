# static.mk: make static: the same programs with all libraries in them.  As plain
# CGI they start twice as fast, and a host needs none of the libraries.  absent.c and
# cbor.c say how.

STATIC      = $(patsubst $(BUILD)/%,$(BUILD)/static/%,$(PROGRAMS) $(COMMAND))
LINK_STATIC = $(CC) $(ALL_CFLAGS) -static-pie -Wl,-z,relro,-z,now,-z,pack-relative-relocs,--gc-sections,-u,embed_mark $(LDFLAGS) -s
STATIC_LIBS = -lgnutls -lnettle -lhogweed -lnettle -lgmp -lidn2 -lunistring \
	-ltasn1 -lsqlite3 -ljson-c -lcrypt -largon2 -loath -lz -lm
static: $(STATIC)
ABSENT  = $(BUILD)/deploy/static/absent.o $(BUILD)/deploy/static/cbor.o
$(STATIC): $(LIB) $(ABSENT) deploy/static/link.opts
	@mkdir -p $(@D)
	$(LINK_STATIC) -o $@ \
	    $(filter %.o,$^) @deploy/static/link.opts $(LIB) $(STATIC_LIBS)
$(PROGRAMS:$(BUILD)/%=$(BUILD)/static/%): $(BUILD)/static/%: $(BUILD)/%.o
$(BUILD)/static/bin/carnet: $(COMMAND_SRC:%.c=$(BUILD)/%.o)

# All of them in one file, for make bundle: one.c says how.
ONE     = $(BUILD)/static/carnet.cgi
ONE_OBJ = $(patsubst $(BUILD)/%,$(BUILD)/one/%.o,$(PROGRAMS) $(COMMAND))
rename  = $(subst -,_,$(notdir $(basename $(1))))_main
$(BUILD)/one/%.o: $(BUILD)/%.o
	@mkdir -p $(@D)
	objcopy --redefine-sym main=$(call rename,$@) $< $@
$(BUILD)/gen/programs.h: deploy/static/static.mk $(wildcard cgi-bin/*.c)
	@mkdir -p $(@D)
	@{ $(foreach p,$(PROGRAMS),echo 'PROGRAM("$(notdir $(p))", $(call rename,$(p)))';) } >$@
$(BUILD)/deploy/static/one.o: ALL_CPPFLAGS += -I$(BUILD)/gen
$(BUILD)/deploy/static/one.o: $(BUILD)/gen/programs.h
$(ONE): $(patsubst %,$(BUILD)/deploy/static/%.o,one setup setup_token setup_site) $(ONE_OBJ) $(filter-out %/carnet.o,$(COMMAND_SRC:%.c=$(BUILD)/%.o)) \
		$(LIB) $(ABSENT) deploy/static/link.opts
	@mkdir -p $(@D)
	$(LINK_STATIC) -o $@ \
	    $(filter %.o,$^) @deploy/static/link.opts $(LIB) $(STATIC_LIBS)
