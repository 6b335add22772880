# static.mk: make static: the same programs with all libraries in them.  As plain
# CGI they start twice as fast, and a shared host needs nothing else.  absent.c says
# how.

STATIC      = $(patsubst $(BUILD)/%,$(BUILD)/static/%,$(PROGRAMS) $(COMMAND))
STATIC_LIBS = -lfcgi -lgnutls -lnettle -lhogweed -lnettle -lgmp -lidn2 -lunistring \
	-ltasn1 -lsqlite3 -ljson-c -lcrypt -lz -lm
static: $(STATIC)
$(STATIC): $(LIB) $(BUILD)/deploy/static/absent.o deploy/static/link.opts
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -static-pie -Wl,-z,relro,-z,now $(LDFLAGS) -s -o $@ \
	    $(filter %.o,$^) @deploy/static/link.opts $(LIB) $(STATIC_LIBS)
$(PROGRAMS:$(BUILD)/%=$(BUILD)/static/%): $(BUILD)/static/%: $(BUILD)/%.o
$(BUILD)/static/bin/carnet: $(patsubst %.c,$(BUILD)/%.o,$(wildcard bin/*.c))
