/* primes.c: signatures by an RSA key of many primes: primes.py. */
#include <gmp.h>

#define PRIMES 8
#define BYTES 256

static mpz_t prime[PRIMES], power[PRIMES], part[PRIMES], modulus;

void
primes_set(int i, const char *p, const char *d, const char *c, const char *n)
{
	mpz_init_set_str(prime[i], p, 16);
	mpz_init_set_str(power[i], d, 16);
	mpz_init_set_str(part[i], c, 16);
	mpz_init_set_str(modulus, n, 16);
}

/* RFC 8017 section 5.1.2, by the Chinese remainder theorem. */
void
primes_raise(const unsigned char *m, unsigned char *out)
{
	mpz_t sum, all, one;
	size_t n;

	mpz_inits(sum, all, one, NULL);
	mpz_import(all, BYTES, 1, 1, 1, 0, m);
	for (int i = 0; i < PRIMES; i++) {
		mpz_mod(one, all, prime[i]);
		mpz_powm(one, one, power[i], prime[i]);
		mpz_addmul(sum, one, part[i]);
	}
	mpz_mod(sum, sum, modulus);
	n = mpz_sizeinbase(sum, 256);
	for (size_t i = 0; i < BYTES - n; i++)
		out[i] = 0;
	mpz_export(out + BYTES - n, NULL, 1, 1, 1, 0, sum);
	mpz_clears(sum, all, one, NULL);
}
