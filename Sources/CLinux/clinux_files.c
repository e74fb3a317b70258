#define _GNU_SOURCE
#include <features.h>

#include "include/clinux_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

// Not in linux/magic.h.
#define PEN_ZFS_MAGIC 0x2fc12fc1
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

bool pen_is_local_filesystem(int fd) {
  struct statfs status;
  if (fstatfs(fd, &status) < 0) return false;
  switch ((unsigned long)status.f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case PEN_ZFS_MAGIC:
      return true;
    default:
      return false;
  }
}

int64_t pen_filesystem_kind(const char *path) {
  struct statfs status;
  return statfs(path, &status) < 0 ? -errno : (int64_t)(uint32_t)status.f_type;
}

// cachestat(2), Linux 6.5; its number is the same on all machines.
static bool lacks_cached_pages(int fd, size_t size, int64_t offset) {
  struct { uint64_t offset, length; } range = {.offset = (uint64_t)offset, .length = size};
  struct { uint64_t cached, dirty, writeback, evicted, recently_evicted; } state = {0};
  if (syscall(451, fd, &range, &state, 0) != 0) return false;
  return state.cached < (size + 4095) / 4096;
}

long pen_read_now(int fd, void *buffer, size_t size, int64_t offset) {
  struct iovec vector = {.iov_base = buffer, .iov_len = size};
  ssize_t rc = preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
  if (rc >= 0) return rc;
  if (errno != EOPNOTSUPP) return -errno;
  // File systems in memory do not know the flag, as they have nothing to wait for.
  struct statfs status;
  if (fstatfs(fd, &status) < 0) return -errno;
  if (status.f_type != TMPFS_MAGIC && status.f_type != RAMFS_MAGIC) return -EAGAIN;
  rc = pread(fd, buffer, size, offset);
  return rc < 0 ? -errno : rc;
}

long pen_read_cached(int fd, void *buffer, size_t size, int64_t offset) {
  // A read without waiting starts the kernel's read-ahead all the same: every byte would be read twice.
  if (lacks_cached_pages(fd, size, offset)) return -EAGAIN;
  return pen_read_now(fd, buffer, size, offset);
}

long pen_copy_range(int source, int64_t source_offset, int target, int64_t target_offset, size_t size) {
  off64_t from = source_offset, to = target_offset;
  ssize_t rc = copy_file_range(source, &from, target, &to, size, 0);
  return rc < 0 ? -errno : rc;
}

int pen_link_descriptor(int fd, int directory, const char *name) {
  // AT_EMPTY_PATH needs a capability, or Linux 6.10 and the same credentials; /proc works for everybody who has it.
  if (linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0) return 0;
  if (errno != ENOENT && errno != EPERM) return -errno;
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int pen_at_fresh_status(void) { return AT_EMPTY_PATH | AT_STATX_FORCE_SYNC; }

int pen_at_known_status(void) { return AT_EMPTY_PATH | AT_STATX_DONT_SYNC; }

int pen_clear_nonblock(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

int64_t pen_dirent_next(const void *buffer, size_t offset) {
  int64_t next;
  memcpy(&next, (const char *)buffer + offset + sizeof(uint64_t), sizeof next);
  return next;
}

int pen_allocate(int fd, int64_t size) {
  while (fallocate(fd, 0, 0, size) < 0)
    if (errno != EINTR) return -errno;
  return 0;
}
