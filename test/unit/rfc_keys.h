/* rfc_keys.h: the public keys that the RFCs print, with an "alg" of their own.
 */
#ifndef CARNET_RFC_KEYS_H
#define CARNET_RFC_KEYS_H

/* RFC 7638 section 3.1. */
#define RFC7638_KEY                                                           \
	"{\"kty\":\"RSA\",\"n\":"                                             \
	"\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWh"                      \
	"M78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn" \
	"jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW" \
	"2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD" \
	"08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1" \
	"jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\","  \
	"\"kid\":\"2011-04-29\"}"

/* RFC 7515 appendix A.2. */
#define RFC7515_A2_KEY                                                        \
	"{\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":"                           \
	"\"ofgWCuLjybRlzo0tZWJjNiuSfb"                                        \
	"4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d" \
	"4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0" \
	"LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665x" \
	"smtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco" \
	"9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}"

/* RFC 7515 appendix A.3. */
#define RFC7515_A3_KEY                                           \
	"{\"kty\":\"EC\",\"alg\":\"ES256\",\"crv\":\"P-256\","   \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

/* RFC 8037 appendix A.2. */
#define RFC8037_KEY                                               \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\"," \
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

#endif
