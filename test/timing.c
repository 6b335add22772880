/*
 * timing.c: does the time of a comparison tell what was compared?  Welch's t over
 * many measurements of two classes by turns (dudect: Reparaz, Balasch, Verbauwhede
 * 2017).  |t| above 10 is a difference beyond doubt.  Where two objects lie in
 * memory is one too, of a tenth of a nanosecond: what is below 1 ns a call is
 * shown and let pass.  So would memcmp of 32 bytes be: that digest_equal is no
 * such thing is test_crypto.c's to show.  Exit status 1 if anything leaks.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "b64.h"
#include "client.h"
#include "crypto.h"
#include "store_client.h"

#define N 200000
#define CALLS 32   /* one measurement: the clock is coarse */
#define CROP 0.9   /* what is slower than this part was interrupted */
#define LIMIT 10.0
#define LEAST_NS 1.0

static struct digest want, first, last;
static struct client cl;
static char right[64], wrong_first[64], wrong_last[64], bytes[64];
static volatile int sink;

static void
digests(int class)
{
	sink += digest_equal(&want, class ? &last : &first);
}

static void
secrets(int class)
{
	sink += client_secret_fits(&cl, class ? wrong_last : wrong_first);
}

/* An unknown client, and a wrong secret. */
static void
clients(int class)
{
	sink += client_secret_fits(class ? &cl : NULL, wrong_first);
}

static void
decoding(int class)
{
	sink += (int)b64url_decode(class ? wrong_last : wrong_first, 43, bytes);
}

static const struct {
	const char *name;
	void (*run)(int class);
} cases[] = {
	{ "digest_equal: differs at the first, the last byte", digests },
	{ "client_secret_fits: wrong in the first, the last byte", secrets },
	{ "client_secret_fits: unknown client, wrong secret", clients },
	{ "b64url_decode: one text, another", decoding },
};

static double
measure(void (*run)(int), int class)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < CALLS; i++)
		run(class);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e9 +
	    (double)(b.tv_nsec - a.tv_nsec);
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The t of the two classes, and by how many ns a call they differ. */
static double
welch(void (*run)(int), double *ns)
{
	static double all[N], one[N];
	static unsigned char class[N];
	double n[2] = { 0 }, mean[2] = { 0 }, m2[2] = { 0 }, limit, d;

	for (int i = 0; i < N; i++) {
		class[i] = (unsigned char)(random() >> 7 & 1);
		one[i] = all[i] = measure(run, class[i]);
	}
	qsort(all, N, sizeof(all[0]), by_size);
	limit = all[(int)(N * CROP)];
	for (int i = 0; i < N; i++) {
		const int c = class[i];

		if (one[i] >= limit)
			continue;
		n[c]++;
		d = one[i] - mean[c];
		mean[c] += d / n[c];
		m2[c] += d * (one[i] - mean[c]);
	}
	*ns = (mean[0] - mean[1]) / CALLS;
	return (mean[0] - mean[1]) / sqrt(m2[0] / (n[0] - 1) / n[0] +
	    m2[1] / (n[1] - 1) / n[1]);
}

int
main(void)
{
	int failed = 0, leaks;
	double t, ns;

	memset(&want, 0x5a, sizeof(want));
	first = last = want;
	first.byte[0] ^= 1;
	last.byte[DIGEST_LEN - 1] ^= 1;
	memset(right, 'A', 43);
	memcpy(wrong_first, right, sizeof(right));
	memcpy(wrong_last, right, sizeof(right));
	wrong_first[0] = wrong_last[42] = 'E';
	cl.has_secret = 1;
	digest_of(right, 43, &cl.secret);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = welch(cases[i].run, &ns);
		leaks = fabs(t) > LIMIT && fabs(ns) > LEAST_NS;
		printf("%-56s t = %7.2f  %6.2f ns%s\n", cases[i].name, t, ns,
		    leaks ? "  LEAKS" : "");
		failed |= leaks;
	}
	return failed;
}
