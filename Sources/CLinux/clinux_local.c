#define _GNU_SOURCE
#include "clinux_local.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

enum { DESCRIPTORS_MAX = 4 };

union control {
  char space[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
  struct cmsghdr align;
};

long pen_send_with(int fd, const void *bytes, size_t length, const int *descriptors, int count) {
  if (count > DESCRIPTORS_MAX) return -EINVAL;
  struct iovec piece = {.iov_base = (void *)bytes, .iov_len = length};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  union control control;
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.space;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
  }
  ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : (long)sent;
}

long pen_receive_with(int fd, void *bytes, size_t length, bool waits, int *descriptors, int max, int *count) {
  *count = 0;
  struct iovec piece = {.iov_base = bytes, .iov_len = length};
  union control control;
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  ssize_t received = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
  if (received < 0) return -errno;
  bool is_too_much = message.msg_flags & MSG_CTRUNC;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t found = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < found; index++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
      if (*count < max) {
        descriptors[(*count)++] = descriptor;
      } else {
        close(descriptor);
        is_too_much = true;
      }
    }
  }
  if (!is_too_much) return (long)received;
  while (*count > 0) close(descriptors[--*count]);
  return -EPROTO;
}

int pen_peer(int fd, uint32_t *user, uint32_t *group, int32_t *process) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -errno;
  *user = peer.uid;
  *group = peer.gid;
  *process = peer.pid;
  return 0;
}

int pen_peer_groups(int fd, uint32_t *groups, int max) {
  socklen_t length = (socklen_t)((size_t)max * sizeof(gid_t));
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) < 0) return -errno;
  return (int)(length / sizeof(gid_t));
}

int pen_timer_create(void) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return timer < 0 ? -errno : timer;
}

int pen_timer_set(int timer, uint64_t nanoseconds) {
  struct itimerspec time = {
      .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)}};
  return timerfd_settime(timer, 0, &time, NULL) < 0 ? -errno : 0;
}

int64_t pen_user_number(const char *name) {
  struct passwd *entry = getpwnam(name);
  return entry ? (int64_t)entry->pw_uid : -1;
}

int64_t pen_group_number(const char *name) {
  struct group *entry = getgrnam(name);
  return entry ? (int64_t)entry->gr_gid : -1;
}
