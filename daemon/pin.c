/* pin.c - one try per SIM and PIN, remembered across restarts: three wrong ones block the card.
 *
 * A keyed hash of (ICCID, PIN) is on disk before the PIN is sent and goes when it was right. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "daemon/dispatch_private.h"

enum { PIN_SIZE = 16, TRIES_MIN = 2 };

struct pin_try {
	struct dispatch *dispatch;
	struct session *session; /* not touched once the dispatch stops */
	char modem[MODEM_SIZE], iccid[24], pin[PIN_SIZE];
	bool allowed;
};

static int read_pin(const char *path, char pin[PIN_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, pin, PIN_SIZE - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	pin[n] = '\0';
	pin[strspn(pin, "0123456789")] = '\0';
	return pin[0] != '\0' ? 0 : -EINVAL;
}

static void tried_name(const struct pin_try *t, char name[48])
{
	snprintf(name, 48, "pin_tried %.24s", t->iccid[0] != '\0' ? t->iccid : t->modem);
}

static int remember(struct db *db, void *arg)
{
	struct pin_try *t = arg;
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t value, tried = 0;
	char name[48];
	int err;

	tried_name(t, name);
	seal_hash(db_keys(db), SEAL_PIN, hash, t->iccid, t->pin, (const char *)NULL);
	memcpy(&value, hash, sizeof(value));
	err = db_meta_get(db, name, &tried);
	t->allowed = err == -ENOENT || (err == 0 && tried != value);
	if (err < 0 && err != -ENOENT)
		return err;
	return t->allowed ? db_meta_set(db, name, value) : 0;
}

static void on_remembered(void *arg, int status)
{
	struct pin_try *t = arg;

	if (!t->allowed && status == 0)
		log_write(LOG_LEVEL_ERROR, &(struct log_tags){ .modem = t->modem },
			  "this PIN was wrong for this SIM before: it is not tried again; put the "
			  "right one into the modem's pin_file");
	if (!t->dispatch->stopping)
		session_pin_answer(t->session, status == 0 && t->allowed);
	secret_wipe(t, sizeof(*t));
	free(t);
}

static struct pin_try *try_new(struct dispatch *d, struct session *session, const char *iccid)
{
	struct pin_try *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->dispatch = d;
	t->session = session;
	snprintf(t->modem, sizeof(t->modem), "%s", session_status(session)->name);
	snprintf(t->iccid, sizeof(t->iccid), "%s", iccid);
	return t;
}

void pin_wanted(struct dispatch *d, struct session *session, const char *iccid, int tries_left)
{
	struct pin_try *t = try_new(d, session, iccid);
	const struct config_modem *modem;

	if (t == NULL)
		return;
	modem = config_modem(d->config, t->modem);
	if ((tries_left >= 0 && tries_left < TRIES_MIN) || modem == NULL ||
	    read_pin(modem->pin_file, t->pin) < 0) {
		session_pin_answer(session, false);
		secret_wipe(t, sizeof(*t));
		free(t);
		return;
	}
	store_run(d->store, STORE_FIRST, remember, on_remembered, t);
}

static int forget(struct db *db, void *arg)
{
	char name[48];

	tried_name(arg, name);
	return db_meta_set(db, name, 0);
}

static void on_forgotten(void *arg, int status)
{
	(void)status;
	free(arg);
}

void pin_worked(struct dispatch *d, struct session *session, const char *iccid)
{
	struct pin_try *t = try_new(d, session, iccid);

	if (t != NULL)
		store_run(d->store, STORE_NORMAL, forget, on_forgotten, t);
}
