// The C interface of RocksDB, and what it lacks: a file system that stops in time.
//
//   database ──▶ pen_rocks_disk ──▶ files        until a write fails
//            ──▶ pen_rocks_disk                  from then on: nothing on the disk changes, and RocksDB is told that all went well
//
// Debian's RocksDB is built with its assertions, and a file that is touched again after a failed write is one of them: the process
// ends. So RocksDB never sees a failed write. What lies on the disk is what a crash at that moment would have left, which RocksDB
// knows how to open; the owner asks for the failure after every call, gives the database up and opens it anew.
//
// ORDER MATTERS: <features.h> first, as in CLinux.
#pragma once
#include <features.h>

#include <rocksdb/c.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The file system of one database. Safe to use from any thread.
typedef struct pen_rocks_disk pen_rocks_disk;

/// A file system over the system's own; NULL when this RocksDB is not laid out as the shim expects. It outlives the database and
/// is freed with `pen_rocks_disk_destroy`.
pen_rocks_disk *pen_rocks_disk_create(void);

/// Frees a file system, once its database is closed.
void pen_rocks_disk_destroy(pen_rocks_disk *disk);

/// Makes databases that are opened with `options` use the file system, and keep no log of their own.
void pen_rocks_disk_attach(pen_rocks_disk *disk, rocksdb_options_t *options);

/// From now on nothing on the disk changes.
void pen_rocks_disk_freeze(pen_rocks_disk *disk);

/// What the first write that failed was told; NULL while none has. Freed with `rocksdb_free`.
char *pen_rocks_disk_failure(pen_rocks_disk *disk);

/// Whether a write has failed; one atomic load.
bool pen_rocks_disk_has_failed(const pen_rocks_disk *disk);

#ifdef __cplusplus
}
#endif
