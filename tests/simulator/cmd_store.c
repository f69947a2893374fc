/* cmd_store.c - message memories: choose, list, read, delete. PDU mode only. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

static struct store *mem1(struct modem *modem)
{
	return &modem->stores[modem->set.memory[0]];
}

static int show_memories(struct modem *modem, bool names)
{
	char text[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < 3; i++) {
		enum memory memory = modem->set.memory[i];
		const struct store *store = &modem->stores[memory];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", i > 0 ? "," : "");
		if (names)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "\"%s\",",
						 memory_name(memory));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu,%zu", store->used,
					 store->size);
	}
	reply_line(modem, "+CPMS: %s", text);
	return RESULT_OK;
}

static int set_memories(struct modem *modem, const struct request *r)
{
	enum memory wanted[3];

	if (r->n < 1 || r->n > 3)
		return cms_error(305);
	memcpy(wanted, modem->set.memory, sizeof(wanted));
	for (size_t i = 0; i < r->n; i++) {
		int memory = memory_parse(r->args[i]);

		if (memory < 0 || (i > 0 && memory == MEMORY_SR))
			return cms_error(302);
		wanted[i] = (enum memory)memory;
	}
	memcpy(modem->set.memory, wanted, sizeof(wanted));
	show_memories(modem, false);
	return RESULT_OK;
}

static int run_memories(struct modem *modem, const struct request *r)
{
	switch (r->form) {
	case FORM_TEST:
		reply_line(modem, "+CPMS: (\"SM\",\"ME\",\"SR\"),(\"SM\",\"ME\"),(\"SM\",\"ME\")");
		return RESULT_OK;
	case FORM_READ:
		return show_memories(modem, true);
	case FORM_SET:
		return set_memories(modem, r);
	case FORM_RUN:
		break;
	}
	return RESULT_ERROR;
}

static int run_list(struct modem *modem, const struct request *r)
{
	long wanted = r->form == FORM_SET ? request_number(r, 0, 0, STORED_ALL) : STORED_UNREAD;
	struct store *store = mem1(modem);

	if (r->form == FORM_TEST) {
		reply_line(modem, "+CMGL: (0-4)");
		return RESULT_OK;
	}
	if (modem->set.text_mode != 0)
		return cms_error(303);
	if (r->form == FORM_READ || wanted < 0)
		return cms_error(304);
	for (long i = 1; i <= (long)store->size; i++) {
		struct stored *stored = store_at(store, i);

		if (stored == NULL || (wanted != STORED_ALL && (long)stored->status != wanted))
			continue;
		reply_line(modem, "+CMGL: %ld,%d,,%u", i, (int)stored->status, stored->pdu->length);
		reply_second(modem, stored->pdu->hex);
		if (stored->status == STORED_UNREAD)
			stored->status = STORED_READ;
	}
	return RESULT_OK;
}

static int run_read(struct modem *modem, const struct request *r)
{
	struct stored *stored;

	if (r->form == FORM_TEST)
		return RESULT_OK;
	if (modem->set.text_mode != 0)
		return cms_error(303);
	stored = r->form == FORM_SET ? store_at(mem1(modem), request_number(r, 0, 1, 255)) : NULL;
	if (stored == NULL)
		return cms_error(321);
	reply_line(modem, "+CMGR: %d,,%u", (int)stored->status, stored->pdu->length);
	reply_second(modem, stored->pdu->hex);
	if (stored->status == STORED_UNREAD)
		stored->status = STORED_READ;
	return RESULT_OK;
}

/* Delete flags of 27.005 3.5.4: 1 read, 2 and sent, 3 and unsent, 4 all. */
static bool falls_to(long flag, enum stored_status status)
{
	switch (status) {
	case STORED_READ:
		return flag >= 1;
	case STORED_SENT:
		return flag >= 2;
	case STORED_UNSENT:
		return flag >= 3;
	case STORED_UNREAD:
	case STORED_ALL:
		break;
	}
	return flag == 4;
}

static int run_delete(struct modem *modem, const struct request *r)
{
	long flag = r->n > 1 ? request_number(r, 1, 0, 4) : 0;
	long index = request_number(r, 0, 0, 255);
	struct store *store = mem1(modem);

	if (r->form == FORM_TEST) {
		reply_line(modem, "+CMGD: (1-%zu),(0-4)", store->size);
		return RESULT_OK;
	}
	if (r->form != FORM_SET || flag < 0 || index < 0)
		return cms_error(304);
	if (flag == 0 && store_at(store, index) == NULL)
		return cms_error(321);
	if (flag == 0)
		store_remove(store, index);
	for (long i = 1; flag > 0 && i <= (long)store->size; i++)
		if (store_at(store, i) != NULL && falls_to(flag, store_at(store, i)->status))
			store_remove(store, i);
	return RESULT_OK;
}

const struct command commands_store[] = {
	{ "+CPMS", run_memories, NEEDS_SIM | IS_SMS },
	{ "+CMGL", run_list, NEEDS_SIM | IS_SMS },
	{ "+CMGR", run_read, NEEDS_SIM | IS_SMS },
	{ "+CMGD", run_delete, NEEDS_SIM | IS_SMS },
	{ NULL, NULL, 0 },
};
