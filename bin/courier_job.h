/* courier_job.h: what the courier does with a job of the outbox. */
#ifndef CARNET_COURIER_JOB_H
#define CARNET_COURIER_JOB_H

#include "carrier.h"

struct courier;
struct job;

/*
 * courier_job_run(co, j, why):
 * Do the job j, as its kind says, and return what carrier_send does, with *why.  A kind
 * that this program does not know is left for later.
 */
enum carrier_result courier_job_run(
    struct courier *co, const struct job *j, const char **why);

/*
 * courier_job_is_inner(j):
 * Nothing goes out by j: it is not counted, nor audited, and what came of it has ended
 * it already.
 */
int courier_job_is_inner(const struct job *j);

#endif
