#define _GNU_SOURCE
#include <features.h>

#include "include/clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

_Thread_local void *pen_current_reactor = NULL;

unsigned pen_ring_reap(struct io_uring *ring, struct io_uring_cqe *out, unsigned max) {
  struct io_uring_cqe *cqe;
  unsigned head, count = 0;
  io_uring_for_each_cqe(ring, head, cqe) {
    if (count == max) break;
    out[count++] = *cqe;
  }
  if (count) io_uring_cq_advance(ring, count);
  return count;
}

int pen_ring_enable(struct io_uring *ring) {
  long rc = syscall(__NR_io_uring_register, ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
  return rc < 0 ? -errno : 0;
}

bool pen_ring_cq_overflowed(const struct io_uring *ring) {
  return (__atomic_load_n(ring->sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_CQ_OVERFLOW) != 0;
}

int pen_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < 0 || cpu >= CPU_SETSIZE) return EINVAL;
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// sched_setattr(2), whose structure older headers of the C library lack.
struct pen_sched_attr {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};
#define PEN_RESET_ON_FORK 1

int pen_short_slice(uint64_t nanoseconds) {
  struct pen_sched_attr attributes = {.size = sizeof attributes};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) return -errno;
  if (attributes.policy != SCHED_OTHER) return -EINVAL;
  attributes.size = sizeof attributes;
  attributes.runtime = nanoseconds;
  // The kernel's threads that are made for this one keep to the usual slice.
  attributes.flags = PEN_RESET_ON_FORK;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0 ? -errno : 0;
}

int pen_be_nicer(int by) {
  errno = 0;
  int now = getpriority(PRIO_PROCESS, 0);
  if (now == -1 && errno) return -errno;
  // Of the calling thread alone, whatever POSIX says of processes.
  return setpriority(PRIO_PROCESS, 0, now + by) < 0 ? -errno : 0;
}

int pen_niceness(void) { return getpriority(PRIO_PROCESS, 0); }

uint64_t pen_slice(void) {
  struct pen_sched_attr attributes = {.size = sizeof attributes};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) return 0;
  return attributes.runtime;
}

int pen_allowed_cpus(int *out, int max) {
  cpu_set_t *set = CPU_ALLOC(8192);
  if (!set) return -ENOMEM;
  size_t size = CPU_ALLOC_SIZE(8192);
  CPU_ZERO_S(size, set);
  int count = 0;
  if (sched_getaffinity(0, size, set) < 0) {
    count = -errno;
  } else {
    for (int cpu = 0; cpu < 8192 && count < max; cpu++)
      if (CPU_ISSET_S(cpu, size, set)) out[count++] = cpu;
  }
  CPU_FREE(set);
  return count;
}

void pen_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int pen_memfd_create(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd < 0 ? -errno : fd;
}

int pen_add_seals(int fd, unsigned seals) { return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0; }
int pen_seal_for_readers(int fd) {
  return pen_add_seals(fd, F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}
bool pen_cannot_shrink(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK);
}

static int advise(void *address, size_t length, int advice) {
  return madvise(address, length, advice) < 0 ? -errno : 0;
}
int pen_madvise_collapse(void *address, size_t length) { return advise(address, length, MADV_COLLAPSE); }
int pen_madvise_populate_write(void *address, size_t length) {
  return advise(address, length, MADV_POPULATE_WRITE);
}
int pen_madvise_remove(void *address, size_t length) { return advise(address, length, MADV_REMOVE); }

int pen_mbind(void *address, size_t length, int node, bool strict) {
  unsigned long mask[16] = {0};
  const int bits = (int)(8 * sizeof(unsigned long));
  if (node < 0 || node >= 16 * bits) return -EINVAL;
  mask[node / bits] = 1UL << (node % bits);
  int mode = strict ? MPOL_BIND : MPOL_PREFERRED;
  return mbind(address, length, mode, mask, 16 * bits, 0) < 0 ? -errno : 0;
}

int pen_memory_nodes(const void *start, size_t step, size_t count, int *nodes) {
  enum { batch = 512 };
  void *pages[batch];
  for (size_t done = 0; done < count; done += batch) {
    const size_t part = count - done < batch ? count - done : batch;
    for (size_t i = 0; i < part; i++) pages[i] = (char *)start + (done + i) * step;
    if (move_pages(0, part, pages, NULL, nodes + done, 0) < 0) return -errno;
  }
  return 0;
}

int pen_o_direct(void) { return O_DIRECT; }
int pen_o_path(void) { return O_PATH; }
int pen_o_tmpfile(void) { return O_TMPFILE; }
int pen_at_empty_path(void) { return AT_EMPTY_PATH; }

int pen_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  long fd = syscall(__NR_openat2, directory, path, &how, sizeof how);
  return fd < 0 ? -errno : (int)fd;
}

int pen_statx(int directory, const char *path, int flags, struct statx *out) {
  long rc = syscall(__NR_statx, directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, out);
  return rc < 0 ? -errno : 0;
}

int pen_renameat(int old_directory, const char *old_path, int new_directory, const char *new_path, bool no_replace) {
  long rc = syscall(__NR_renameat2, old_directory, old_path, new_directory, new_path, no_replace ? 1u : 0u);
  return rc < 0 ? -errno : 0;
}

long pen_getdents(int fd, void *buffer, size_t size) {
  long rc = syscall(__NR_getdents64, fd, buffer, size);
  return rc < 0 ? -errno : rc;
}

struct linux_dirent64 { uint64_t d_ino; int64_t d_off; unsigned short d_reclen; unsigned char d_type; char d_name[]; };

struct pen_dirent pen_dirent_at(const void *buffer, size_t offset) {
  const struct linux_dirent64 *entry = (const void *)((const char *)buffer + offset);
  return (struct pen_dirent){entry->d_ino, entry->d_name, entry->d_type, entry->d_reclen};
}

// SHA256() looks its method up and makes a context at every call; both are kept here, a context for each thread.
static EVP_MD *sha256_method;
static pthread_key_t sha256_key;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static _Thread_local EVP_MD_CTX *sha256_context;

static void sha256_end_thread(void *context) {
  EVP_MD_CTX_free(context);
  sha256_context = NULL;
}

static void sha256_prepare(void) {
  if (pthread_key_create(&sha256_key, sha256_end_thread) == 0) sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static EVP_MD_CTX *sha256_make_context(void) {
  pthread_once(&sha256_once, sha256_prepare);
  if (!sha256_method) return NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context && pthread_setspecific(sha256_key, context) == 0) return context;
  EVP_MD_CTX_free(context);
  return NULL;
}

void pen_sha256(const void *data, size_t length, unsigned char *out) {
  if (!sha256_context) sha256_context = sha256_make_context();
  EVP_MD_CTX *context = sha256_context;
  if (context && EVP_DigestInit_ex2(context, sha256_method, NULL) && EVP_DigestUpdate(context, data, length) &&
      EVP_DigestFinal_ex(context, out, NULL))
    return;
  SHA256(data, length, out);
}

int pen_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, unsigned char *out) {
  unsigned out_length = 32;
  if (key_length > INT32_MAX) return -EINVAL;
  return HMAC(EVP_sha256(), key, (int)key_length, data, length, out, &out_length) ? 0 : -EINVAL;
}

struct pen_digest { EVP_MD_CTX *context; };

pen_digest *pen_digest_create(bool sha256) {
  pen_digest *digest = malloc(sizeof *digest);
  if (!digest) return NULL;
  digest->context = EVP_MD_CTX_new();
  if (!digest->context || !EVP_DigestInit_ex(digest->context, sha256 ? EVP_sha256() : EVP_md5(), NULL)) {
    pen_digest_free(digest);
    return NULL;
  }
  return digest;
}
void pen_digest_update(pen_digest *digest, const void *data, size_t length) {
  EVP_DigestUpdate(digest->context, data, length);
}
unsigned pen_digest_finish(pen_digest *digest, unsigned char *out) {
  unsigned length = 0;
  EVP_DigestFinal_ex(digest->context, out, &length);
  return length;
}
void pen_digest_free(pen_digest *digest) {
  if (!digest) return;
  EVP_MD_CTX_free(digest->context);
  free(digest);
}

int pen_random(void *out, size_t length) {
  unsigned char *cursor = out;
  while (length) {
    ssize_t n = getrandom(cursor, length, 0);
    if (n < 0) { if (errno == EINTR) continue; return -errno; }
    cursor += n;
    length -= (size_t)n;
  }
  return 0;
}
