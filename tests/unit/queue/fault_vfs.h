/* fault_vfs.h - a disk that fails or waits when a test says so: a shim over SQLite's own VFS.
 *
 * fault_install makes it the default for databases that are opened from then on. Counters and
 * plans may be read and set from any thread. */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static struct {
	sqlite3_vfs shim, *real;
	atomic_int writes, syncs;               /* so far */
	atomic_int fail_write_at, fail_sync_at; /* the number that fails, and all after; 0: none */
	atomic_int code;                        /* with what */
	atomic_int hold_syncs;                  /* syncs wait until fault_let_go */
	uv_sem_t held, go;
} fault;

struct fault_file {
	sqlite3_file file;
	sqlite3_file *real; /* behind this struct */
};

#define REAL(f) (((struct fault_file *)(f))->real)

static int fault_close(sqlite3_file *f)
{
	return REAL(f)->pMethods == NULL ? SQLITE_OK : REAL(f)->pMethods->xClose(REAL(f));
}

static int fault_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}

static int fault_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	int count = atomic_fetch_add(&fault.writes, 1) + 1, fail_at = fault.fail_write_at;

	if (fail_at != 0 && count >= fail_at)
		return fault.code;
	return REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
}

static int fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

/* The bytes need not outlive the machine here, so nothing is really synced. */
static int fault_sync(sqlite3_file *f, int flags)
{
	int count = atomic_fetch_add(&fault.syncs, 1) + 1, fail_at = fault.fail_sync_at;

	(void)f;
	(void)flags;
	if (fault.hold_syncs) {
		uv_sem_post(&fault.held);
		uv_sem_wait(&fault.go);
	}
	return fail_at != 0 && count >= fail_at ? fault.code : SQLITE_OK;
}

static int fault_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int fault_lock(sqlite3_file *f, int lock)
{
	return REAL(f)->pMethods->xLock(REAL(f), lock);
}

static int fault_unlock(sqlite3_file *f, int lock)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), lock);
}

static int fault_reserved(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int fault_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int fault_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int fault_traits(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int fault_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}

static int fault_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}

static void fault_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int fault_shm_unmap(sqlite3_file *f, int remove)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods fault_methods = {
	.iVersion = 2,
	.xClose = fault_close,
	.xRead = fault_read,
	.xWrite = fault_write,
	.xTruncate = fault_truncate,
	.xSync = fault_sync,
	.xFileSize = fault_size,
	.xLock = fault_lock,
	.xUnlock = fault_unlock,
	.xCheckReservedLock = fault_reserved,
	.xFileControl = fault_control,
	.xSectorSize = fault_sector,
	.xDeviceCharacteristics = fault_traits,
	.xShmMap = fault_shm_map,
	.xShmLock = fault_shm_lock,
	.xShmBarrier = fault_shm_barrier,
	.xShmUnmap = fault_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct fault_file *file = (struct fault_file *)f;
	int result;

	(void)vfs;
	file->real = (sqlite3_file *)(file + 1);
	memset(file->real, 0, (size_t)fault.real->szOsFile);
	result = fault.real->xOpen(fault.real, name, file->real, flags, out);
	f->pMethods = result == SQLITE_OK ? &fault_methods : NULL;
	return result;
}

static inline int fault_install(void)
{
	fault.real = sqlite3_vfs_find(NULL);
	fault.shim = *fault.real;
	fault.shim.pNext = NULL;
	fault.shim.zName = "fault";
	fault.shim.szOsFile = (int)sizeof(struct fault_file) + fault.real->szOsFile;
	fault.shim.xOpen = fault_open;
	if (uv_sem_init(&fault.held, 0) < 0 || uv_sem_init(&fault.go, 0) < 0)
		return -1;
	return sqlite3_vfs_register(&fault.shim, 1) == SQLITE_OK ? 0 : -1;
}

static inline void fault_plan(int write_at, int sync_at, int code)
{
	fault.writes = 0;
	fault.syncs = 0;
	fault.code = code;
	fault.fail_write_at = write_at;
	fault.fail_sync_at = sync_at;
}

/* From now on each sync waits; fault_wait_held returns when one does. */
static inline void fault_hold(void)
{
	fault.hold_syncs = 1;
}

static inline void fault_wait_held(void)
{
	uv_sem_wait(&fault.held);
}

static inline void fault_let_go(void)
{
	fault.hold_syncs = 0;
	uv_sem_post(&fault.go);
}
