/* pin.c - one try per SIM and PIN, remembered across restarts: three wrong ones block the card.
 *
 * A keyed hash of (ICCID, PIN) is on disk before the PIN is sent and goes when it was right. PINs
 * that failed stay known, so that going back to one does not try it again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "daemon/dispatch_private.h"

enum { PIN_SIZE = 16, TRIES_MIN = 2, NAME_SIZE = 96 };

struct pin_try {
	struct dispatch *dispatch;
	struct session *session; /* not touched once the dispatch stops */
	char modem[MODEM_SIZE], iccid[24], pin[PIN_SIZE];
	int tries_left; /* -1: not known */
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

/* Without an ICCID it is the modem that counts. */
static const char *card(const struct pin_try *t)
{
	return t->iccid[0] != '\0' ? t->iccid : t->modem;
}

static void tried_name(const struct pin_try *t, int64_t hash, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "pin_tried %.63s %016" PRIx64, card(t), (uint64_t)hash);
}

/* The PIN that was tried last and has not been seen to be right; 0: none. */
static void open_name(const struct pin_try *t, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "pin_open %.63s", card(t));
}

static int get(struct db *db, const char *name, int64_t *value)
{
	int err = db_meta_get(db, name, value);

	if (err == -ENOENT)
		*value = 0;
	return err == -ENOENT ? 0 : err;
}

/* Each PIN once a SIM; where the SIM does not tell its tries left, one PIN that fails is enough. */
static int remember(struct db *db, void *arg)
{
	struct pin_try *t = arg;
	unsigned char bytes[SEAL_HASH_SIZE];
	char tried[NAME_SIZE], open[NAME_SIZE];
	int64_t hash, times = 0, last = 0;
	int err;

	seal_hash(db_keys(db), SEAL_PIN, bytes, t->iccid, t->pin, (const char *)NULL);
	memcpy(&hash, bytes, sizeof(hash));
	tried_name(t, hash, tried);
	open_name(t, open);
	err = get(db, tried, &times);
	if (err == 0)
		err = get(db, open, &last);
	t->allowed = err == 0 && times == 0 && (t->tries_left >= 0 || last == 0);
	if (t->allowed)
		err = db_meta_set(db, tried, 1);
	if (t->allowed && err == 0)
		err = db_meta_set(db, open, hash);
	return err;
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
	t->tries_left = tries_left;
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
	const struct pin_try *t = arg;
	char tried[NAME_SIZE], open[NAME_SIZE];
	int64_t hash;
	int err;

	open_name(t, open);
	err = get(db, open, &hash);
	if (err < 0 || hash == 0)
		return err;
	tried_name(t, hash, tried);
	err = db_meta_set(db, tried, 0);
	return err == 0 ? db_meta_set(db, open, 0) : err;
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
