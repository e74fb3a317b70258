#define _GNU_SOURCE
#include "cepoll.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cepoll_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cepoll_watch(int poller, int fd, uint64_t tag, int edge) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = tag};
  if (edge) event.events |= EPOLLOUT | EPOLLET;
  return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

int cepoll_wait(int poller, uint64_t *tags, uint8_t *gone, int timeout) {
  struct epoll_event events[512];
  int count = epoll_wait(poller, events, 512, timeout);
  for (int index = 0; index < count; index++) {
    tags[index] = events[index].data.u64;
    gone[index] = (events[index].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  }
  return count;
}
