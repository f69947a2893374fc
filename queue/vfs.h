/* vfs.h - SQLite's file access with two things added.
 *
 *   database  a page reaches it without what earlier rows left in its free space (scrub.h)
 *   log       what is added to it between two syncs is written at once: SQLite writes each frame's
 *             header and page singly, about 30 calls a commit
 *
 * Nothing that SQLite relies on is weaker: a sync writes first, and so does whatever looks at the
 * file by the same handle. Others see a frame only after the sync that commits it. */
#pragma once

/* The name for sqlite3_open_v2. NULL: no memory. */
const char *vfs_name(void);
