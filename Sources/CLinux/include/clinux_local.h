// Calls on Unix sockets that Swift cannot make: ancillary data is built by macros.
#ifndef PEN_CLINUX_LOCAL_H
#define PEN_CLINUX_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Sends bytes with at most 4 descriptors, without waiting. Returns bytes sent or -errno.
long pen_send_with(int fd, const void *bytes, size_t length, const int *descriptors, int count);
/// Receives bytes and descriptors (at most `max`, whose number is written to `count`), waiting for them if it `waits`.
/// Returns bytes received, 0 at the end, or -errno: -EPROTO when more descriptors came than that, which are all closed.
long pen_receive_with(int fd, void *bytes, size_t length, bool waits, int *descriptors, int max, int *count);
/// Who made the other end of a Unix socket. Returns 0 or -errno.
int pen_peer(int fd, uint32_t *user, uint32_t *group, int32_t *process);
/// Supplementary groups of who made the other end, at most `max`; returns their number or -errno.
int pen_peer_groups(int fd, uint32_t *groups, int max);
/// The number of the user or group `name`, or -1 when there is none.
int64_t pen_user_number(const char *name);
int64_t pen_group_number(const char *name);
/// A timer of the monotonic clock as a descriptor that does not block. Returns it or -errno.
int pen_timer_create(void);
/// Has `timer` become readable once, in `nanoseconds`. Returns 0 or -errno.
int pen_timer_set(int timer, uint64_t nanoseconds);

#endif
