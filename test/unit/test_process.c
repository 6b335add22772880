/* test_process.c: what modules keep for the life of the process. */
#include "fixture.h"

static int freed;

static void
count(void *state)
{
	freed += *(int *)state;
}

static const struct process_kind of_conf = { .free = count, .of_conf = 1 },
				 other = { .free = count };
static int one = 1, ten = 10, hundred = 100;

static int
setup(void **state)
{
	freed = 0;
	return fixture_dir(state);
}

/* Each module finds its own state. */
static void
a_kind_names_what_is_kept(void **state)
{
	(void)state;
	assert_null(process_state(&fx.pr, &other));
	process_keep(&fx.pr, &of_conf, &one);
	assert_null(process_state(&fx.pr, &other));
	process_keep(&fx.pr, &other, &ten);
	assert_ptr_equal(process_state(&fx.pr, &of_conf), &one);
	assert_ptr_equal(process_state(&fx.pr, &other), &ten);
	assert_int_equal(freed, 0);
}

static void
what_is_replaced_is_freed(void **state)
{
	(void)state;
	process_keep(&fx.pr, &other, &one);
	process_keep(&fx.pr, &other, &hundred);
	assert_int_equal(freed, 1);
	assert_ptr_equal(process_state(&fx.pr, &other), &hundred);
}

/* Keys are in a directory that the configuration names. */
static void
a_change_of_the_configuration_frees_what_depends_on_it(void **state)
{
	(void)state;
	process_keep(&fx.pr, &of_conf, &one);
	process_keep(&fx.pr, &other, &ten);
	process_drop(&fx.pr, 0);
	assert_int_equal(freed, 1);
	assert_null(process_state(&fx.pr, &of_conf));
	assert_ptr_equal(process_state(&fx.pr, &other), &ten);
	process_keep(&fx.pr, &of_conf, &hundred);
	assert_int_equal(freed, 1);
	assert_ptr_equal(process_state(&fx.pr, &of_conf), &hundred);
}

static void
write_conf(const char *name)
{
	FILE *f = fopen(fixture_file("new"), "w");

	assert_non_null(f);
	fprintf(f, "issuer = https://auth.example\nsandbox = no\nsite_name = %s\n",
	    name);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(
	    rename(fixture_file("new"), fixture_file("carnet.conf")), 0);
}

/*
 * The file is read again when it changed, and only what depends on it is
 * dropped.
 */
static void
a_file_that_changed_does_so(void **state)
{
	(void)state;
	write_conf("one");
	process_begin(&fx.pr, fixture_file("carnet.conf"), 1);
	process_check(&fx.pr, NOW);
	assert_string_equal(fx.pr.conf->site_name, "one");
	process_keep(&fx.pr, &of_conf, &one);
	process_keep(&fx.pr, &other, &ten);
	process_check(&fx.pr, NOW + 1);
	assert_int_equal(freed, 0);
	write_conf("two");
	process_check(&fx.pr, NOW + 2);
	assert_string_equal(fx.pr.conf->site_name, "two");
	assert_int_equal(freed, 1);
	assert_null(process_state(&fx.pr, &of_conf));
	assert_ptr_equal(process_state(&fx.pr, &other), &ten);
	process_end(&fx.pr);
	assert_int_equal(freed, 11);
	memset(&fx.pr, 0, sizeof(fx.pr));
}

/* Requests that wait use what there is, and hold up no look at what is unchanged. */
static void
a_change_waits_for_those_who_wait(void **state)
{
	(void)state;
	write_conf("one");
	process_begin(&fx.pr, fixture_file("carnet.conf"), 1);
	process_check(&fx.pr, NOW);
	fx.pr.n_waiting = 1;
	process_check(&fx.pr, NOW + 1);
	assert_int_equal(fx.pr.checked_at, NOW + 1);
	write_conf("two");
	process_check(&fx.pr, NOW + 2);
	assert_string_equal(fx.pr.conf->site_name, "one");
	assert_int_equal(fx.pr.checked_at, NOW + 1);
	fx.pr.n_waiting = 0;
	process_check(&fx.pr, NOW + 2);
	assert_string_equal(fx.pr.conf->site_name, "two");
	process_end(&fx.pr);
	memset(&fx.pr, 0, sizeof(fx.pr));
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kind_names_what_is_kept),
		TEST(what_is_replaced_is_freed),
		TEST(a_change_of_the_configuration_frees_what_depends_on_it),
		TEST(a_file_that_changed_does_so),
		TEST(a_change_waits_for_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
