// epoll for Swift, which cannot import its packed structure.
#pragma once
#include <stdint.h>

/// A new epoll descriptor, and a new event descriptor that never blocks.
int cepoll_create(void);
int cepoll_event(void);
/// Watches `fd` for everything; `edge` tells of changes only.
int cepoll_watch(int poller, int fd, uint64_t tag, int edge);
/// Waits at most `timeout` ms (-1: for ever) for at most 512 events.
///
/// Writes their tags, and 1 where the peer is gone.
int cepoll_wait(int poller, uint64_t *tags, uint8_t *gone, int timeout);
