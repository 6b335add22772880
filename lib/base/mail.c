/* mail.c: one e-mail message, as it is sent (RFC 5322). */
#include "mail.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "crypto.h"

#define LINE 76		/* RFC 2045 section 6.7: of an encoded text */
#define WORD 63		/* RFC 2047 section 2: of an encoded word, which is 75 long */
#define ID_BYTES 12

/* RFC 5322 section 3.2.3: atext.  Bytes above ASCII are RFC 6532's. */
static int
is_atext(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* RFC 5322 section 3.2.3: dot-atom, of the first n bytes. */
static int
is_dot_atom(const char *s, size_t n)
{
	if (n == 0 || s[0] == '.' || s[n - 1] == '.')
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_atext((unsigned char)s[i]) &&
		    (s[i] != '.' || s[i - 1] == '.'))
			return 0;
	return 1;
}

/* RFC 5322 section 3.2.4: a quoted string; a control character becomes a space. */
static void
put_quoted(struct buf *b, const char *s, size_t n)
{
	buf_char(b, '"');
	for (size_t i = 0; i < n; i++) {
		const char c = (unsigned char)s[i] < ' ' || s[i] == 0x7f
		    ? ' '
		    : s[i];

		if (c == '"' || c == '\\')
			buf_char(b, '\\');
		buf_char(b, c);
	}
	buf_char(b, '"');
}

const char *
mail_address(struct arena *a, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t n = at == NULL ? strlen(address) : (size_t)(at - address);
	struct buf b;

	if (is_dot_atom(address, n))
		return address;
	buf_init(&b, a, n * 2 + 64);
	put_quoted(&b, address, n);
	buf_str(&b, address + n);
	return b.data;
}

static int
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return 0;
	return 1;
}

static int
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* The next character in Q encoding; return its length in s. */
static size_t
put_q(struct buf *b, const char *s)
{
	size_t n = 0;

	do {
		if (is_alnum((unsigned char)s[n]))
			buf_char(b, s[n]);
		else
			buf_printf(b, "=%02X", (unsigned char)s[n]);
	} while (((unsigned char)s[++n] & 0xc0) == 0x80);
	return n;
}

/* RFC 2047 section 2: encoded words, each of whole characters. */
static void
put_words(struct buf *b, const char *s)
{
	size_t start, end;

	for (const char *gap = ""; *s != '\0'; gap = "\n ") {
		buf_printf(b, "%s=?utf-8?q?", gap);
		start = b->len;
		while (*s != '\0') {
			end = b->len;
			s += put_q(b, s);
			if (b->len - start <= WORD)
				continue;
			buf_cut(b, end);
			while (((unsigned char)*--s & 0xc0) == 0x80)
				continue;
			break;
		}
		buf_str(b, "?=");
	}
}

static void
put_subject(struct buf *b, const char *s)
{
	buf_str(b, "Subject: ");
	if (is_plain(s) && strlen(s) <= LINE - 9 && strstr(s, "=?") == NULL)
		buf_str(b, s);
	else
		put_words(b, s);
	buf_char(b, '\n');
}

static void
put_from(struct buf *b, const struct mail *m)
{
	buf_str(b, "From: ");
	if (m->from_name != NULL && *m->from_name != '\0') {
		if (is_plain(m->from_name) && strlen(m->from_name) < LINE / 2)
			put_quoted(b, m->from_name, strlen(m->from_name));
		else
			put_words(b, m->from_name);
		buf_str(b, "\n ");
	}
	buf_printf(b, "<%s>\n", mail_address(b->a, m->from));
}

/* RFC 5322 section 3.3, in UTC, whatever the language of the process. */
static void
put_date(struct buf *b, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t when = (time_t)at;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return;
	buf_printf(b, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_id(struct buf *b, const char *from)
{
	char text[B64_LEN(ID_BYTES) + 1], random[ID_BYTES];
	const char *at = strrchr(from, '@');

	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), text);
	buf_printf(b, "Message-ID: <%s%s>\n", text, at == NULL ? "" : at);
}

/* Lines of ASCII that any server takes as they are. */
static int
is_7bit(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		if (n > LINE * 2)
			return 0;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)s[i] > '~' ||
			    ((unsigned char)s[i] < ' ' && s[i] != '\t'))
				return 0;
	}
	return 1;
}

/* RFC 2045 section 6.7. */
static void
put_quoted_printable(struct buf *b, const char *s)
{
	size_t column = 0;

	for (; *s != '\0'; s++) {
		const unsigned char c = (unsigned char)*s;
		const int ends = s[1] == '\n' || s[1] == '\0';
		const int as_is = (c > ' ' && c <= '~' && c != '=') ||
		    ((c == ' ' || c == '\t') && !ends);

		if (c == '\n') {
			buf_char(b, '\n');
			column = 0;
			continue;
		}
		if (column + (as_is ? 1 : 3) > LINE - 1) {
			buf_str(b, "=\n");
			column = 0;
		}
		if (as_is)
			buf_char(b, (char)c);
		else
			buf_printf(b, "=%02X", c);
		column += as_is ? 1 : 3;
	}
}

const char *
mail_message(struct arena *a, const struct mail *m)
{
	const int plain = is_7bit(m->text);
	struct buf b;

	buf_init(&b, a, strlen(m->text) + 1024);
	put_from(&b, m);
	buf_printf(&b, "To: <%s>\n", mail_address(a, m->to));
	put_subject(&b, m->subject);
	put_date(&b, m->at);
	put_id(&b, m->from);
	buf_str(&b, "Auto-Submitted: auto-generated\n"
		    "MIME-Version: 1.0\n"
		    "Content-Type: text/plain; charset=utf-8\n");
	buf_printf(&b, "Content-Transfer-Encoding: %s\n\n",
	    plain ? "7bit" : "quoted-printable");
	if (plain)
		buf_str(&b, m->text);
	else
		put_quoted_printable(&b, m->text);
	if (b.data[b.len - 1] != '\n')
		buf_char(&b, '\n');
	return b.len > MAIL_MAX ? NULL : b.data;
}
