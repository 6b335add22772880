/* embed.h: the files that are compiled into the programs. */
#ifndef CARNET_EMBED_H
#define CARNET_EMBED_H

/*
 * embed_find(name):
 * Return the text of templates/name, or of schema.sql; NULL if there is none.
 */
const char *embed_find(const char *name);

/* A digest of all of them, in every program, also in one without pages. */
extern const char embed_mark[];

#endif
