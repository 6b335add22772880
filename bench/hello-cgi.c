/* hello-cgi.c: the least that a plain CGI program can be: the floor. */
#include <stdio.h>

int
main(void)
{
	fputs("Content-Type: text/plain\r\n\r\nhello\n", stdout);
	return 0;
}
