// Thin shims over the kernel and the C libraries Penstock stands on: liburing, libnuma, OpenSSL. No policy here.
// ORDER MATTERS: <features.h> first, or liburing's own feature macros clash with the Glibc module's types.
#pragma once
#ifdef __swift__
// The C library's declarations are the Glibc module's, whichever of the two a compilation meets first: else a file that
// imports Glibc alone does not see those that this header includes.
#pragma clang module import SwiftGlibc
#endif
#include <features.h>

#include <liburing.h>
#include <numa.h>
#include <numaif.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

// --- current reactor of a thread --------------------------------------------------------------------------------
extern _Thread_local void *pen_current_reactor;
static inline void *pen_reactor_get(void) { return pen_current_reactor; }
static inline void pen_reactor_set(void *reactor) { pen_current_reactor = reactor; }

// --- io_uring -----------------------------------------------------------------------------------------------------
/// Copies up to `max` completions to `out`, releases them to the kernel in one store, and returns their number.
unsigned pen_ring_reap(struct io_uring *ring, struct io_uring_cqe *out, unsigned max);
/// IORING_REGISTER_ENABLE_RINGS by system call: Debian's liburing 2.3 declares the function but does not export it.
int pen_ring_enable(struct io_uring *ring);
/// True when the kernel has completions waiting that did not fit the completion queue.
bool pen_ring_cq_overflowed(const struct io_uring *ring);

// Flags that are macros over enum constants, which Swift does not import.
static inline unsigned pen_iosqe_fixed_file(void) { return IOSQE_FIXED_FILE; }
static inline unsigned pen_iosqe_io_link(void) { return IOSQE_IO_LINK; }
static inline unsigned pen_iosqe_buffer_select(void) { return IOSQE_BUFFER_SELECT; }

// --- threads, CPUs, memory ------------------------------------------------------------------------------------------
/// Pins the calling thread to `cpu`. Returns 0 or an errno.
int pen_pin_thread(int cpu);
/// Has the calling thread run in slices of `nanoseconds` (100,000 … 100,000,000), so that it goes before threads with longer
/// ones when it wakes, within its share (Linux 6.12; before, nothing happens). Returns 0 or -errno.
int pen_short_slice(uint64_t nanoseconds);
/// The calling thread's slice in nanoseconds; 0 when the kernel does not say.
uint64_t pen_slice(void);
/// Makes the calling thread, and the kernel's threads that are made for it, nicer by so many steps. Returns 0 or -errno.
int pen_be_nicer(int by);
/// The calling thread's niceness, -20 … 19.
int pen_niceness(void);
/// Writes the CPUs the process may run on to `out`, ascending, at most `max`; returns their number or -errno.
int pen_allowed_cpus(int *out, int max);
void pen_thread_name(const char *name);
/// Creates a memfd that may be sealed. Returns the descriptor or -errno.
int pen_memfd_create(const char *name);
/// Adds F_SEAL_* flags. Returns 0 or -errno.
int pen_add_seals(int fd, unsigned seals);
/// Seals a memfd that is mapped for writing already, so that nobody can write it by another way nor change its size. Returns 0 or -errno.
int pen_seal_for_readers(int fd);
/// Whether `fd` is a memfd whose size cannot shrink.
bool pen_cannot_shrink(int fd);
/// madvise(MADV_COLLAPSE) and madvise(MADV_POPULATE_WRITE). Return 0 or -errno.
int pen_madvise_collapse(void *address, size_t length);
int pen_madvise_populate_write(void *address, size_t length);
/// Frees the memory behind a range of a shared mapping (MADV_REMOVE). Returns 0 or -errno.
int pen_madvise_remove(void *address, size_t length);
/// Binds a range to a NUMA node, best effort (MPOL_PREFERRED when `strict` is false). Returns 0 or -errno.
int pen_mbind(void *address, size_t length, int node, bool strict);
/// Asks the kernel (move_pages without a move) on which NUMA node each of `count` pages of memory lies, the first at `start` and
/// the others `step` bytes apart. Writes node numbers, or -errno for a page that is not there. Returns 0 or -errno.
int pen_memory_nodes(const void *start, size_t step, size_t count, int *nodes);

// --- files ------------------------------------------------------------------------------------------------------------
int pen_o_direct(void);
int pen_o_path(void);
int pen_o_tmpfile(void);
int pen_at_empty_path(void);
/// openat2(2). Returns the descriptor or -errno.
int pen_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/// statx(2) into `out`. Returns 0 or -errno.
int pen_statx(int directory, const char *path, int flags, struct statx *out);
/// renameat2(2); `no_replace` fails with EEXIST when the target exists. Returns 0 or -errno.
int pen_renameat(int old_directory, const char *old_path, int new_directory, const char *new_path, bool no_replace);
/// getdents64(2) into `buffer`. Returns bytes, 0 at the end, or -errno.
long pen_getdents(int fd, void *buffer, size_t size);
/// One entry of a getdents64 buffer.
struct pen_dirent { uint64_t inode; const char *name; unsigned char type; unsigned short record_length; };
struct pen_dirent pen_dirent_at(const void *buffer, size_t offset);

// --- digests ------------------------------------------------------------------------------------------------------------
/// SHA-256 of `length` bytes into `out[32]`.
void pen_sha256(const void *data, size_t length, unsigned char *out);
/// HMAC-SHA-256 of `length` bytes under a key into `out[32]`. Returns 0, or -EINVAL when OpenSSL refuses.
int pen_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, unsigned char *out);
/// A running MD5 or SHA-256; `free` it once.
typedef struct pen_digest pen_digest;
pen_digest *pen_digest_create(bool sha256);
void pen_digest_update(pen_digest *digest, const void *data, size_t length);
/// Writes the digest (16 or 32 bytes) and returns its length.
unsigned pen_digest_finish(pen_digest *digest, unsigned char *out);
void pen_digest_free(pen_digest *digest);
/// Fills `out` with random bytes. Returns 0 or -errno.
int pen_random(void *out, size_t length);
