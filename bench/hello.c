/* hello.c: the least FastCGI program: the cost of any answer. */
#include <fcgiapp.h>

#define ANSWER \
    "Content-Type: application/json\r\nContent-Length: 18\r\n\r\n" \
    "{\"hello\":\"world\"}\n"

int
main(void)
{
	FCGX_Request rq;
	char rest[4096];

	if (FCGX_Init() != 0 || FCGX_InitRequest(&rq, 0, 0) != 0)
		return 111;
	while (FCGX_Accept_r(&rq) == 0) {
		/* A close with input unread can cost the server our answer. */
		while (FCGX_GetStr(rest, sizeof(rest), rq.in) > 0)
			continue;
		FCGX_PutS(ANSWER, rq.out);
		/* Not to wait for the server's close of its end. */
		FCGX_Detach(&rq);
		FCGX_Finish_r(&rq);
	}
	return 0;
}
