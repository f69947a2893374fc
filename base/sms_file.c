/* sms_file.c - smstools' headers, gammu's file names and backups, and the character sets of both.
 *
 * A text is UTF-8 where it reads as UTF-8 and nothing else is said; else Latin-9, smstools' own
 * default. Line ends at the end of a text are not a part of it. */
#include "base/sms_file.h"

#include <ctype.h>
#include <iconv.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/gsm_text.h"
#include "base/secret.h"
#include "base/util.h"

static const char *const utf16 = "UTF-16BE", *const utf8 = "UTF-8", *const latin9 = "ISO-8859-15";

/* Malloced; NULL: these bytes are not of this character set. */
static char *decode(const char *from, const char *bytes, size_t n)
{
	size_t left = 3 * n, in_left = n, done;
	char *text = calloc(1, left + 1), *out = text, *in = (char *)bytes;
	iconv_t convert = iconv_open(utf8, from);

	if (text == NULL || convert == (iconv_t)-1) {
		free(text);
		return NULL;
	}
	done = iconv(convert, &in, &in_left, &out, &left);
	iconv_close(convert);
	/* iconv passes numbers that no character has. */
	if (done == (size_t)-1 || memchr(text, '\0', (size_t)(out - text)) != NULL ||
	    !gsm_utf8_valid(text)) {
		secret_wipe(text, (size_t)(out - text));
		free(text);
		return NULL;
	}
	return text;
}

static const char *take_text(struct sms_file *file, const char *set, const char *bytes, size_t n)
{
	size_t end;

	file->text = decode(set != NULL ? set : utf8, bytes, n);
	if (file->text == NULL && set == NULL)
		file->text = decode(latin9, bytes, n);
	if (file->text == NULL)
		return "its text is not of the alphabet that it names";
	end = strlen(file->text);
	while (end > 0 && strchr("\r\n", file->text[end - 1]) != NULL)
		file->text[--end] = '\0';
	return NULL;
}

bool sms_file_is_message(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && (dot == NULL || strcmp(dot, ".LOCK") != 0);
}

void sms_file_free(struct sms_file *file)
{
	if (file->text != NULL)
		secret_wipe(file->text, strlen(file->text));
	free(file->text);
	file->text = NULL;
}

/* ---- smstools ---- */

struct headers {
	struct sms_file *file;
	const char *set; /* NULL: to be found out */
};

static bool is_yes(const char *value)
{
	return strchr("yYtT1", value[0]) != NULL && value[0] != '\0';
}

/* International without the plus; "s" before a short number. */
static const char *take_to(struct headers *headers, const char *value)
{
	char *to = headers->file->to;
	size_t n = 0;
	bool is_short = value[0] == 's';

	if (!is_short && isdigit((unsigned char)value[0]) && value[0] != '0')
		to[n++] = '+';
	for (value += is_short; *value != '\0' && n + 1 < SMS_FILE_NUMBER_SIZE; value++)
		if (!isspace((unsigned char)*value))
			to[n++] = *value;
	to[n] = '\0';
	return NULL;
}

/* Three letters are looked at, as smstools does. */
static const char *take_alphabet(struct headers *headers, const char *value)
{
	static const struct {
		const char *begin, *set;
	} sets[] = {
		{ "iso", "ISO-8859-15" }, { "lat", "ISO-8859-15" }, { "ans", "ISO-8859-15" },
		{ "utf", "UTF-8" },       { "ucs", "UTF-16BE" },    { "chi", "UTF-16BE" },
		{ "uni", "UTF-16BE" },
	};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		if (strncasecmp(value, sets[i].begin, 3) == 0) {
			headers->set = sets[i].set;
			return NULL;
		}
	return "its alphabet is neither ISO, UTF-8 nor UCS-2";
}

static const char *take_report(struct headers *headers, const char *value)
{
	headers->file->report = is_yes(value);
	return NULL;
}

static const char *take_priority(struct headers *headers, const char *value)
{
	headers->file->high = is_yes(value) || strncasecmp(value, "high", 4) == 0;
	return NULL;
}

static const char *no_text(struct headers *headers, const char *value)
{
	(void)headers;
	return is_yes(value) ? "it is no plain text (flash, binary, a ring or a system message)"
			     : NULL;
}

/* They say what smstools puts into the text: without it, it is another text. */
static const char *not_whole(struct headers *headers, const char *value)
{
	(void)headers;
	return value[0] != '\0' ? "its text is not all in it (Include, Macro, UDH-DATA)" : NULL;
}

static const struct {
	const char *name;
	const char *(*take)(struct headers *headers, const char *value);
} known[] = {
	{ "To", take_to },
	{ "Alphabet", take_alphabet },
	{ "Report", take_report },
	{ "Flash", no_text },
	{ "Priority", take_priority },
	{ "Hex", no_text },
	{ "Voicecall", no_text },
	{ "UDH", no_text },
	{ "System_message", no_text },
	{ "UDH-DATA", not_whole },
	{ "Include", not_whole },
	{ "Macro", not_whole },
};

static const char *take_header(struct headers *headers, const char *line)
{
	const char *colon = strchr(line, ':');
	size_t n = colon != NULL ? (size_t)(colon - line) : 0;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (colon != NULL && strlen(known[i].name) == n &&
		    strncmp(line, known[i].name, n) == 0)
			return known[i].take(headers, colon + 1 + strspn(colon + 1, " \t"));
	return NULL;
}

const char *sms_file_smstools(const char *bytes, size_t n, struct sms_file *file)
{
	struct headers headers = { .file = file };
	const char *at = bytes, *end = bytes + n, *problem = NULL;
	char line[512];

	*file = (struct sms_file){ 0 };
	while (at < end && problem == NULL) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop != NULL ? stop : end) - at);

		if (memchr(at, '\0', length) != NULL)
			return "its headers are no text";
		snprintf(line, sizeof(line), "%.*s", (int)(length < 511 ? length : 511), at);
		line[strcspn(line, "\r")] = '\0';
		at = stop != NULL ? stop + 1 : end;
		if (line[0] == '\0')
			break;
		problem = take_header(&headers, line);
	}
	if (problem == NULL && file->to[0] == '\0')
		problem = "it has no To: header";
	return problem != NULL ? problem : take_text(file, headers.set, at, (size_t)(end - at));
}

/* ---- gammu ---- */

/* OUTnumber, OUTpriority_number_serial, OUTprioritydate_time_serial_number_note */
static bool number_of(const char *name, const char *end, char to[static SMS_FILE_NUMBER_SIZE])
{
	unsigned fields = 1, wanted, at = 0;

	for (const char *c = name; c < end; c++)
		fields += *c == '_';
	wanted = fields == 1 ? 0 : fields >= 4 ? 3 : 1;
	for (; at < wanted; at++)
		name = strchr(name, '_') + 1;
	snprintf(to, SMS_FILE_NUMBER_SIZE, "%.*s", (int)(end - name), name);
	to[strcspn(to, "_")] = '\0';
	return to[0] != '\0';
}

/* A section for each part: [SMSBackup001], NumberUnicode, Text00, Text01 ... in hex of UCS-2. */
struct backup {
	char to[SMS_FILE_NUMBER_SIZE];
	bool report;
	char *text; /* UTF-16BE of all parts; as large as the file */
	size_t n, size;
};

static const char *append_text(struct backup *backup, const char *hex)
{
	size_t n;

	if (sodium_hex2bin((unsigned char *)backup->text + backup->n, backup->size - backup->n, hex,
			   strlen(hex), NULL, &n, NULL) < 0)
		return "its text is no hex";
	backup->n += n;
	return NULL;
}

static const char *take_number(struct backup *backup, const char *hex)
{
	char wide[2 * SMS_FILE_NUMBER_SIZE], *number;
	const char *problem = NULL;
	size_t n;

	if (sodium_hex2bin((unsigned char *)wide, sizeof(wide), hex, strlen(hex), NULL, &n, NULL) <
	    0)
		return "its number is no hex";
	number = decode(utf16, wide, n);
	if (number == NULL || strlen(number) >= sizeof(backup->to) ||
	    (backup->to[0] != '\0' && strcmp(backup->to, number) != 0))
		problem = "it has no number, or several";
	else
		snprintf(backup->to, sizeof(backup->to), "%s", number);
	secret_free(number);
	return problem;
}

static const char *take_coding(struct backup *backup, const char *value)
{
	(void)backup;
	return strncmp(value, "Default", 7) == 0 || strncmp(value, "Unicode", 7) == 0
		       ? NULL
		       : "it is no plain text (binary)";
}

static const char *take_class(struct backup *backup, const char *value)
{
	(void)backup;
	return strcmp(value, "0") == 0 ? "it is no plain text (flash)" : NULL;
}

/* Parts of a long text have such (23.040 9.2.3.24.1, .8); others are no text. */
static const char *take_udh(struct backup *backup, const char *value)
{
	(void)backup;
	return value[0] == '\0' || strncmp(value, "050003", 6) == 0 ||
			       strncmp(value, "060804", 6) == 0
		       ? NULL
		       : "it is no plain text (a header for a port, or the like)";
}

static const char *take_pdu(struct backup *backup, const char *value)
{
	backup->report |= strcmp(value, "Status_Report") == 0;
	return strcmp(value, "Deliver") == 0 ? "it was received, not to be sent" : NULL;
}

static const struct {
	const char *name; /* Text: the beginning of it */
	const char *(*take)(struct backup *backup, const char *value);
} backup_keys[] = {
	{ "NumberUnicode", take_number }, { "Text", append_text }, { "Coding", take_coding },
	{ "Class", take_class },          { "UDH", take_udh },     { "PDU", take_pdu },
};

static const char *take_backup_line(struct backup *backup, char *line)
{
	char *equals = strchr(line, '=');
	size_t n = strcspn(line, " =");

	if (equals == NULL || line[0] == ';' || line[0] == '#' || line[0] == '[')
		return NULL;
	equals += 1 + strspn(equals + 1, " ");
	equals[strcspn(equals, "\r \n")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(backup_keys); i++) {
		size_t length = strlen(backup_keys[i].name);

		if (strncmp(line, backup_keys[i].name, length) == 0 &&
		    (n == length || (backup_keys[i].take == append_text && n == length + 2)))
			return backup_keys[i].take(backup, equals);
	}
	return NULL;
}

static const char *read_backup(const char *bytes, size_t n, struct sms_file *file)
{
	struct backup backup = { .text = malloc(n + 1), .size = n };
	char *copy = calloc(1, n + 1), *rest = copy, *line;
	const char *problem = backup.text != NULL && copy != NULL ? NULL : "no memory";

	if (copy != NULL)
		memcpy(copy, bytes, n);

	while (problem == NULL && (line = strsep(&rest, "\n")) != NULL)
		problem = take_backup_line(&backup, line);
	if (problem == NULL && (backup.to[0] == '\0' || backup.n == 0))
		problem = "it has no number or no text";
	if (problem == NULL)
		problem = take_text(file, utf16, backup.text, backup.n);
	memcpy(file->to, backup.to, sizeof(file->to));
	file->report = backup.report;
	if (backup.text != NULL)
		secret_wipe(backup.text, backup.n);
	if (copy != NULL)
		secret_wipe(copy, n);
	free(backup.text);
	free(copy);
	return problem;
}

const char *sms_file_gammu(const char *name, const char *bytes, size_t n, struct sms_file *file)
{
	const char *dot = strrchr(name, '.');

	*file = (struct sms_file){ 0 };
	if (strncmp(name, "OUT", 3) == 0 && dot != NULL && strcmp(dot, ".smsbackup") == 0)
		return read_backup(bytes, n, file);
	if (strncmp(name, "OUT", 3) != 0 || dot == NULL || strncmp(dot, ".txt", 4) != 0)
		return "its name is neither OUT...txt nor OUT...smsbackup";
	if (strpbrk(dot + 4, "fb") != NULL)
		return "it is no plain text (flash, or a bookmark)";
	if (!number_of(name + 3, dot, file->to))
		return "its name has no number";
	file->report = strchr(dot + 4, 'd') != NULL;
	if (n >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0)
		return take_text(file, utf16, bytes + 2, n - 2);
	if (n >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
		return take_text(file, "UTF-16LE", bytes + 2, n - 2);
	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		return take_text(file, utf8, bytes + 3, n - 3);
	return take_text(file, NULL, bytes, n);
}
