/* test_address.c: addresses, networks, and where a request came from. */
#include "fixture.h"

#include "address.h"
#include "remote.h"

static const char *
again(const char *text)
{
	static char out[ADDRESS_TEXT_MAX];
	struct address ad;

	if (address_read(text, &ad) < 0)
		return "none";
	address_write(&ad, out);
	return out;
}

static void
an_address_is_read_and_written(void **state)
{
	(void)state;
	assert_string_equal(again("192.0.2.7"), "192.0.2.7");
	assert_string_equal(again("::ffff:192.0.2.7"), "192.0.2.7");
	assert_string_equal(again("2001:DB8:0:0::1"), "2001:db8::1");
	assert_string_equal(again(""), "none");
	assert_string_equal(again("192.0.2"), "none");
	assert_string_equal(again("192.0.2.256"), "none");
	assert_string_equal(again("a.example"), "none");
	assert_string_equal(again("fe80::1%eth0"), "none");
}

static int
in(const char *text, const char *nets)
{
	struct address ad;

	assert_int_equal(address_read(text, &ad), 0);
	return address_in(&ad, nets);
}

static void
a_network_holds_its_addresses(void **state)
{
	(void)state;
	assert_true(in("10.255.0.1", "10.0.0.0/8"));
	assert_false(in("11.0.0.1", "10.0.0.0/8"));
	assert_true(in("192.0.2.129", "192.0.2.128/25"));
	assert_false(in("192.0.2.127", "192.0.2.128/25"));
	assert_true(in("192.0.2.7", "192.0.2.7"));
	assert_false(in("192.0.2.6", "192.0.2.7"));
	assert_true(in("192.0.2.7", "::1 2001:db8::/32 0.0.0.0/0"));
	assert_false(in("2001:db8::1", "0.0.0.0/0"));
	assert_true(in("2001:db8:ffff::1", "2001:db8::/32"));
	assert_true(in("2001:db8::1", "::/0"));
	assert_false(in("192.0.2.7", ""));
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const bad[] = { "10.0.0.0/33", "::/129", "10/8",
		"10.0.0.0/", "10.0.0.0/-1", "a.example", "10.0.0.0/8 x",
		"10.0.0.0/8/8", "10.0.0.0/1234" };

	(void)state;
	for (size_t i = 0; i < N(bad); i++)
		assert_false(address_nets_ok(bad[i]));
	assert_true(address_nets_ok(""));
	assert_true(address_nets_ok("127.0.0.1 ::1 10.0.0.0/8 fc00::/7"));
}

static void
a_subscriber_has_a_whole_64(void **state)
{
	struct address a, b;

	(void)state;
	address_read("2001:db8:1:2:3:4:5:6", &a);
	address_read("2001:db8:1:2::", &b);
	a = address_place(&a);
	assert_memory_equal(&a, &b, sizeof(a));
	address_read("192.0.2.7", &a);
	b = address_place(&a);
	assert_memory_equal(&a, &b, sizeof(a));
}

static const char *
from(const char *peer, const char *forwarded)
{
	return remote_address(REQUEST(
	    arena_printf(fx.a, "REMOTE_ADDR=%s", peer),
	    arena_printf(fx.a, "HTTP_X_FORWARDED_FOR=%s", forwarded)));
}

static void
a_header_is_believed_from_trusted_proxies_alone(void **state)
{
	(void)state;
	assert_string_equal(from("192.0.2.7", "203.0.113.9"), "192.0.2.7");
	fixture_conf("[throttle]\ntrusted_proxies = 192.0.2.7 10.0.0.0/8\n");
	assert_string_equal(from("192.0.2.7", "203.0.113.9"), "203.0.113.9");
	assert_string_equal(from("192.0.2.8", "203.0.113.9"), "192.0.2.8");
	/* The leftmost address is what the client itself wrote. */
	assert_string_equal(
	    from("192.0.2.7", "127.0.0.1, 203.0.113.9"), "203.0.113.9");
	assert_string_equal(
	    from("192.0.2.7", "1.1.1.1, 203.0.113.9, 10.0.0.1"),
	    "203.0.113.9");
	assert_string_equal(from("192.0.2.7", "203.0.113.9:1234"),
	    "203.0.113.9");
	assert_string_equal(from("192.0.2.7", "[2001:db8::9]:443"),
	    "2001:db8::9");
	assert_string_equal(from("192.0.2.7", "2001:db8::9"), "2001:db8::9");
	assert_string_equal(from("192.0.2.7", "unknown"), "192.0.2.7");
	assert_string_equal(from("192.0.2.7", ""), "192.0.2.7");
	assert_string_equal(from("192.0.2.7", ",,"), "192.0.2.7");
	assert_string_equal(from("192.0.2.7", "10.0.0.1, 10.0.0.2"), "10.0.0.1");
	assert_string_equal(remote_address(REQUEST(NULL)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_and_written),
		cmocka_unit_test(a_network_holds_its_addresses),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(a_subscriber_has_a_whole_64),
		TEST_IN(a_header_is_believed_from_trusted_proxies_alone,
		    fixture_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
