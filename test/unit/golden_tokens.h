/*
 * golden_tokens.h: ID tokens as they must be, byte for byte.  They were made outside of
 * carnet (Python's cryptography), with the keys of pem.h.
 */
#ifndef CARNET_GOLDEN_TOKENS_H
#define CARNET_GOLDEN_TOKENS_H

static const char golden_rs256[] =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ilpkb0s4cTQyamNyMGVN"
    "TlZzR1o2QWtXa1U5WFhscGRsc3hXd2JTWUs3UGcifQ.eyJpc3MiOiJodHRwczovL"
    "2F1dGguZXhhbXBsZSIsInN1YiI6IjEiLCJhdWQiOiJjMSIsImF6cCI6ImMxIiwiZ"
    "XhwIjoxNzAwMDAzNjAwLCJpYXQiOjE3MDAwMDAwMDAsImF1dGhfdGltZSI6MTY5O"
    "Tk5OTkwMCwiYWNyIjoibWZhIiwiYW1yIjpbInB3ZCIsIm90cCIsIm1mYSJdLCJub"
    "25jZSI6Im4tMFM2X1d6QTJNaiIsImF0X2hhc2giOiI3N1FtVVB0alBmeld0RjJBb"
    "nBLOVJRIiwic2lkIjoiMDEyMzQ1Njc4OWFiY2RlZmdoaWprbCJ9.AiC82A5BGCep"
    "HEJpd_XMUO6DbImWFBdxHJG1-lo6MB9dd5ZyDnWsez3T9GxaH0BIPTtRfp0U2fjO"
    "YhhJwiiMPRKP225u9IMwF3v8dOc01lNBJPqFZZtjGMBsRgH0wmXfq0Zft9LWqQsz"
    "5OCg34_rP1-vVVcZplaSodqwAfMnkTUXIjPJzn7HSiXUn1q5sc5DXzwBn03ah2Cj"
    "s1N8yY-ZsOAtYomaptYewGN4_zVNOdz3kpTvlsZA-rQCzQ_X2uI8-Q8KNezSOZYp"
    "3fsUnmwG4I4Hs6WKcp6xV7EV75iH2bLtV9KLTK28HWEDhpZnYLIiL2uKGdvYy4SZ"
    "6b4bkeE4LQ";

static const char golden_eddsa[] =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6IkVWYllKbjc4VXBENkFx"
    "OGZzQkdoRmZ6Ykp1WFAxOHBvN2NMSy1pZjZtM00ifQ.eyJpc3MiOiJodHRwczovL"
    "2F1dGguZXhhbXBsZSIsInN1YiI6IjEiLCJhdWQiOiJjMSIsImF6cCI6ImMxIiwiZ"
    "XhwIjoxNzAwMDAzNjAwLCJpYXQiOjE3MDAwMDAwMDAsImF1dGhfdGltZSI6MTY5O"
    "Tk5OTkwMCwiYWNyIjoibWZhIiwiYW1yIjpbInB3ZCIsIm90cCIsIm1mYSJdLCJub"
    "25jZSI6Im4tMFM2X1d6QTJNaiIsImF0X2hhc2giOiJxN25TODZHZ3Z2RmFaa3pBT"
    "ExXcUpZYUpJS3cyd0NEQVZmQ0FzbTVDckJNIiwic2lkIjoiMDEyMzQ1Njc4OWFiY"
    "2RlZmdoaWprbCJ9.JsW5Nsuh5ivO9B-Mwvjn5v77L0r4SmCn6Uew3RlVmXKhL1Vy"
    "Y6iuvgkXBWtyvGSb9di_9ndsCGzguhDoNTRiDg";

#endif
