/*
 * hashes.c: hashes SECONDS PROCESSES: print how many passwords a second crypt(3)
 * hashes in that many processes, with the setting of lib/base/passwd.c.
 */
#include <crypt.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETTING "$y$j9T$0000000000000000000000"

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Hash for that many seconds; return how many a second. */
static double
hash_for(double seconds)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	double start = now_s(), end;
	int n = 0;

	if (data == NULL)
		err(111, "memory");
	do {
		if (*crypt_r("correct horse battery staple", SETTING, data) ==
		    '*')
			errx(111, "crypt: no yescrypt");
		n++;
		end = now_s();
	} while (end - start < seconds);
	free(data);
	return n / (end - start);
}

int
main(int argc, char **argv)
{
	double one, sum = 0, seconds;
	int fd[2], n;

	if (argc != 3 || (seconds = strtod(argv[1], NULL)) <= 0 ||
	    (n = (int)strtol(argv[2], NULL, 10)) <= 0)
		errx(2, "usage: hashes SECONDS PROCESSES");
	if (pipe(fd) < 0)
		err(111, "pipe");
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(111, "fork");
		if (pid > 0)
			continue;
		one = hash_for(seconds);
		_exit(write(fd[1], &one, sizeof(one)) == sizeof(one) ? 0 : 111);
	}
	close(fd[1]);
	while (read(fd[0], &one, sizeof(one)) == sizeof(one))
		sum += one;
	while (wait(NULL) > 0)
		continue;
	printf("%.2f\n", sum);
	return 0;
}
