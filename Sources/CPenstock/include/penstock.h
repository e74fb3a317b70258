/* libpenstock: files of a Penstock cluster, read the shortest way there is.
 *
 *   penstock_client *client = penstock_connect(settings, count, &error);
 *   penstock_file *file = penstock_open(client, "/data/a.bin", &error);
 *   int64_t got = penstock_pread(file, buffer, size, 0, &path, &error);
 *
 * All calls block and may be made by any thread; a handle must not be used after, or while, it is closed. After fork() a child makes a
 * client of its own: calls on its parent's fail with PENSTOCK_FORKED. Paths are Alluxio paths (/data/a.bin) or those of the under file
 * system (s3://bucket/a.bin), UTF-8.
 *
 * Where a call may fail it takes a penstock_error, which may be NULL, and fills it in when it fails; else it leaves it alone. */
#ifndef PENSTOCK_H
#define PENSTOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a function or field is added; a change of what is there changes the library's name. */
#define PENSTOCK_INTERFACE 1

typedef struct penstock_client penstock_client;
typedef struct penstock_file penstock_file;
typedef struct penstock_view penstock_view;
typedef struct penstock_listing penstock_listing;

enum penstock_code {
  PENSTOCK_OK = 0,
  PENSTOCK_INVALID = 1,
  PENSTOCK_NOT_FOUND = 2,
  PENSTOCK_CHANGED = 3,
  PENSTOCK_UNAVAILABLE = 4,
  PENSTOCK_REFUSED = 5,
  PENSTOCK_DENIED = 6,
  PENSTOCK_MISMATCH = 7,
  PENSTOCK_PROTOCOL = 8,
  PENSTOCK_TOO_MANY = 9,
  PENSTOCK_CLOSED = 10,
  PENSTOCK_FORKED = 11,
  PENSTOCK_IS_DIRECTORY = 12,
  PENSTOCK_SYSTEM = 13,
  PENSTOCK_UNSUPPORTED = 14,
  PENSTOCK_LEASE_ENDED = 15
};

/* The way that bytes came. */
enum penstock_path {
  PENSTOCK_SHARED = 0,  /* memory leased from the worker of this host */
  PENSTOCK_DOMAIN = 1,  /* the domain socket of the worker of this host */
  PENSTOCK_NETWORK = 2, /* a worker over the network */
  PENSTOCK_UFS = 3      /* the under file system itself */
};

typedef struct {
  int32_t code;         /* enum penstock_code */
  int32_t is_temporary; /* 1: the same call may succeed later */
  uint32_t retry_ms;    /* milliseconds that the worker asked to wait; 0: it did not say */
  char message[1024];   /* what, why and what to do; UTF-8, ends with a NUL */
} penstock_error;

typedef struct {
  int64_t length;      /* bytes; 0 for a directory */
  int64_t modified_ms; /* since 1970 */
  int32_t is_directory;
  int32_t cached_percent; /* -1: not known */
  char entity_tag[64];    /* of the version; ends with a NUL */
} penstock_status;

typedef struct {
  void *target;
  size_t size;
  uint64_t offset;
  size_t count; /* set: bytes read */
  int32_t path; /* set: enum penstock_path */
} penstock_range;

typedef struct {
  const void *bytes;
  size_t count;
  int32_t path;    /* enum penstock_path */
  int32_t is_copy; /* 1: memory of the view's own, which nobody takes away */
} penstock_bytes;

typedef struct {
  uint64_t bytes[4]; /* by enum penstock_path; adds up to bytes_returned */
  uint64_t bytes_in_place;
  uint64_t bytes_returned;
  uint64_t leases, revoked, late_reads;
  uint64_t requests, connections, retries, fallbacks;
} penstock_statistics;

/* The library's version, such as "0.1.0", and its PENSTOCK_INTERFACE. */
const char *penstock_version(void);
int32_t penstock_interface(void);

/* A client of `count` settings "name=value": socket, socket_dir, workers, coordinator, cluster, conf, roots, ufs_fallback, …, or any
 * alluxio.… key. Nothing is connected yet. NULL on failure. */
penstock_client *penstock_connect(const char *const *settings, size_t count, penstock_error *error);
/* Ends all connections and the handle. Files and views are closed apart. */
void penstock_disconnect(penstock_client *client);
void penstock_get_statistics(penstock_client *client, penstock_statistics *statistics);

/* NULL on failure. */
penstock_file *penstock_open(penstock_client *client, const char *path, penstock_error *error);
void penstock_close(penstock_file *file);
int64_t penstock_length(penstock_file *file);
void penstock_get_status(penstock_file *file, penstock_status *status);
/* 1 when the worker said that another version is there now. */
int32_t penstock_is_stale(penstock_file *file);

/* Reads at `offset`; returns bytes, fewer than `size` only at the end of the file, or -1. `path`, if not NULL, learns the way. */
int64_t penstock_pread(penstock_file *file, void *target, size_t size, uint64_t offset, int32_t *path, penstock_error *error);
/* Reads on from where the last penstock_read or penstock_seek ended. */
int64_t penstock_read(penstock_file *file, void *target, size_t size, int32_t *path, penstock_error *error);
int32_t penstock_seek(penstock_file *file, uint64_t offset, penstock_error *error);
/* Reads all ranges with few questions to the worker; 0, or -1. */
int32_t penstock_read_many(penstock_file *file, penstock_range *ranges, size_t count, penstock_error *error);
/* Gets bytes ready that will be read soon; 0, or -1. */
int32_t penstock_read_ahead(penstock_file *file, uint64_t offset, uint64_t size, penstock_error *error);

/* Bytes in place, at most to the end of their page; NULL on failure. What was read of them counts only if penstock_view_close returns 1
 * afterwards: then the lease was live to the end. */
penstock_view *penstock_view_open(penstock_file *file, uint64_t offset, size_t size, penstock_bytes *bytes, penstock_error *error);
/* 1 when everything read so far was the file's. Takes no lock. */
int32_t penstock_view_is_live(penstock_view *view);
/* Gives the lease back; 1 when it was live to the end. The memory stays mapped, whatever is there, until penstock_view_free. */
int32_t penstock_view_close(penstock_view *view);
void penstock_view_free(penstock_view *view);

/* 0, or -1. */
int32_t penstock_stat(penstock_client *client, const char *path, penstock_status *status, penstock_error *error);
/* What is in a directory; NULL on failure. */
penstock_listing *penstock_list(penstock_client *client, const char *path, penstock_error *error);
size_t penstock_listing_count(penstock_listing *listing);
/* The path of an entry in the cluster's tree and in the under file system ("" when not known), valid until the listing is freed; NULL past the end. */
const char *penstock_listing_path(penstock_listing *listing, size_t index);
const char *penstock_listing_ufs_path(penstock_listing *listing, size_t index);
int32_t penstock_listing_status(penstock_listing *listing, size_t index, penstock_status *status);
void penstock_listing_free(penstock_listing *listing);

#ifdef __cplusplus
}
#endif
#endif
