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

/* RFC 6890, RFC 4291, RFC 6052, RFC 3056, RFC 4380, RFC 5214: nobody on the Internet. */
static void
what_is_on_no_public_network_is_not_public(void **state)
{
	static const char *const inside[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1",
		"10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
		"127.255.255.254", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1",
		"198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
		"::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "fc00::1",
		"fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001::1",
		"2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
		"2002:c0a8:101::1", "3fff::1", "5f00::1", "4000::1",
		"2a00::5efe:10.0.0.1", "2a00::200:5efe:127.0.0.1" };
	static const char *const outside[] = { "1.1.1.1", "9.255.255.255",
		"11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1",
		"128.0.0.1", "169.253.0.1", "172.15.255.255", "172.32.0.0",
		"192.167.255.255", "192.169.0.0", "198.17.0.1", "198.20.0.0",
		"223.255.255.255", "168.63.129.17", "::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8", "2606:4700::1111", "2a00:1450::1",
		"2002:808:808::1", "2a00::5efe:8.8.8.8" };
	struct address ad;

	(void)state;
	for (size_t i = 0; i < N(inside); i++) {
		assert_int_equal(address_read(inside[i], &ad), 0);
		if (address_is_public(&ad))
			fail_msg("%s is taken for public", inside[i]);
	}
	for (size_t i = 0; i < N(outside); i++) {
		assert_int_equal(address_read(outside[i], &ad), 0);
		if (!address_is_public(&ad))
			fail_msg("%s is not taken for public", outside[i]);
	}
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
		cmocka_unit_test(what_is_on_no_public_network_is_not_public),
		TEST_IN(a_header_is_believed_from_trusted_proxies_alone,
		    fixture_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
