/* fuzz_record.c: files to be imported: JSON lines, or CSV by the first byte. */
#include "fuzz.h"

#include "hash.h"
#include "hash_import.h"
#include "identity.h"
#include "import.h"
#include "record.h"
#include "store_user.h"
#include "utf8.h"

/* What is taken is in the one form that is stored. */
static void
check_user(struct arena *a, const struct user *u, unsigned has)
{
	struct hash_cost c;

	assert(u->email != NULL || u->login != NULL || u->subject != NULL);
	assert((u->email != NULL) == ((has & IMPORT_EMAIL) != 0));
	if (u->email != NULL)
		assert(strcmp(identity_email(a, u->email), u->email) == 0);
	if (u->login != NULL)
		assert(strcmp(identity_login(a, u->login), u->login) == 0);
	assert(utf8_is_line(u->name) && u->id >= 0);
	assert(u->created_at > 0 && u->created_at <= NOW);
	if (has & (IMPORT_HASH | IMPORT_PASSWORD))
		assert(hash_read(u->password, &c));
	else
		assert(strcmp(u->password, "*") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *cf;
	struct arena *a = arena_new();
	struct records rs;
	struct record r;
	struct user u;
	const char *why;
	char *copy;
	unsigned has;
	long line = 0;
	FILE *in;

	if (cf == NULL)
		cf = fuzz_conf(CONF);
	if (size < 2) {
		arena_free(a);
		return 0;
	}
	copy = malloc(size);
	memcpy(copy, data, size);
	in = fmemopen(copy + 1, size - 1, "r");
	records_begin(&rs, in, copy[0] & 1 ? RECORD_CSV : RECORD_JSONL);
	while (records_next(&rs, a, &r, &why) == 1) {
		assert(r.line > line);
		line = r.line;
		assert(r.n <= RECORD_FIELDS);
		for (int i = 0; i < r.n && why == NULL; i++)
			assert(utf8_count(r.field[i].value,
				   strlen(r.field[i].value)) >= 0);
		if (why == NULL &&
		    import_user(cf, a, &r, HASH_DRY, NOW, &u, &has) == NULL)
			check_user(a, &u, has);
	}
	assert(line <= (long)size);
	records_end(&rs);
	fclose(in);
	free(copy);
	arena_free(a);
	return 0;
}
