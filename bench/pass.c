/* pass.c: the least FastCGI Authorizer: it lets everything pass. */
#include <fcgiapp.h>

int
main(void)
{
	FCGX_Request rq;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&rq, 0, 0) != 0)
		return 111;
	while (FCGX_Accept_r(&rq) == 0) {
		FCGX_PutS("Status: 200 OK\r\n\r\n", rq.out);
		FCGX_Detach(&rq);
		FCGX_Finish_r(&rq);
	}
	return 0;
}
