/* fuzz_spool.c - files of older gateways: whatever they hold, a reason in words, or a number and a
 * text of UTF-8 that ends where it should.
 *
 * The first byte chooses the format. A text that was read, written again as UTF-8, is the same. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm_text.h"
#include "base/sms_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
	if (!promise)
		abort();
}

static void check_again(const struct sms_file *file)
{
	size_t n = strlen(file->text) + SMS_FILE_NUMBER_SIZE + 64;
	char *bytes = malloc(n);
	struct sms_file again;

	require(bytes != NULL);
	snprintf(bytes, n, "To: 7\nAlphabet: UTF-8\n\n%s", file->text);
	require(sms_file_smstools(bytes, strlen(bytes), &again) == NULL);
	require(strcmp(again.text, file->text) == 0);
	sms_file_free(&again);
	free(bytes);
}

static void check(const char *problem, struct sms_file *file)
{
	if (problem != NULL) {
		require(problem[0] != '\0' && file->text == NULL);
		return;
	}
	require(file->to[0] != '\0' && strlen(file->to) < SMS_FILE_NUMBER_SIZE);
	require(file->text != NULL);
	require(gsm_utf8_valid(file->text));
	check_again(file);
	sms_file_free(file);
}

/* The name is what stands before the first line end. */
static void read_gammu(const char *bytes, size_t n)
{
	const char *end = memchr(bytes, '\n', n);
	char name[256];
	struct sms_file file;

	if (end == NULL || end - bytes >= (ptrdiff_t)sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(end - bytes), bytes);
	check(sms_file_gammu(name, end + 1, n - (size_t)(end + 1 - bytes), &file), &file);
	sms_file_is_message(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of exactly this size: a byte too far is seen. */
	char *bytes = size > 0 ? malloc(size) : NULL;
	struct sms_file file;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	if (bytes[0] == 'g')
		read_gammu(bytes + 1, size - 1);
	else
		check(sms_file_smstools(bytes + 1, size - 1, &file), &file);
	free(bytes);
	return 0;
}
