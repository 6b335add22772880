-- schema-4.sql: version 4 of version 3: expired access tokens are found by walking,
-- not by an index that each token has to write.

DROP INDEX oauth_access_tokens_expire;

CREATE TABLE purge_place (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	access_token BLOB NOT NULL
) STRICT;
