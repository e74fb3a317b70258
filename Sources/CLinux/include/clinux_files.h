// Thin shims over file system calls that Glibc's Swift module does not show. No policy here.
// ORDER MATTERS: <features.h> first, as in clinux.h.
#pragma once
#include <features.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// True when `fd` is on a file system that answers from this machine: fstat never waits for a server there.
bool pen_is_local_filesystem(int fd);
/// The kind of the file system at `path`, as statfs(2) numbers it, or -errno.
int64_t pen_filesystem_kind(const char *path);
/// As pen_read_now, and starts nothing when something is missing: -EAGAIN then; before Linux 6.5, when the first byte is.
long pen_read_cached(int fd, void *buffer, size_t size, int64_t offset);
/// Reads what needs no device: from the page cache, or a file system in memory. Returns bytes or -errno; what is missing
/// is on its way then.
long pen_read_now(int fd, void *buffer, size_t size, int64_t offset);
/// copy_file_range(2) between explicit offsets. Returns bytes, 0 at the end of the source, or -errno.
long pen_copy_range(int source, int64_t source_offset, int target, int64_t target_offset, size_t size);
/// Gives an open, unnamed file the name `name` in `directory`. Returns 0 or -errno.
int pen_link_descriptor(int fd, int directory, const char *name);
/// AT_EMPTY_PATH | AT_STATX_FORCE_SYNC: asks the server, not the attribute cache.
int pen_at_fresh_status(void);
/// AT_EMPTY_PATH | AT_STATX_DONT_SYNC: what this machine knows, without asking a server.
int pen_at_known_status(void);
/// Clears O_NONBLOCK. Returns 0 or -errno.
int pen_clear_nonblock(int fd);
/// The d_off of the entry at `offset` of a getdents64 buffer: where to lseek to go on after it.
int64_t pen_dirent_next(const void *buffer, size_t offset);
/// Allocates the first `size` bytes of a file, growing it when it is shorter (fallocate(2), mode 0). Returns 0 or -errno.
int pen_allocate(int fd, int64_t size);
