/* hello-cgi.c: the least plain CGI program: the floor of plain CGI. */
#include <stdio.h>

int
main(void)
{
	fputs("Content-Type: text/plain\r\n\r\nhello\n", stdout);
	return 0;
}
