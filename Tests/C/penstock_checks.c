// A C program against libpenstock: penstock_checks PATH FILE SETTING… compares every byte that the library reads with FILE.
#define _GNU_SOURCE
#include <penstock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(what)                                                                    \
  do {                                                                                 \
    if (!(what)) {                                                                     \
      fprintf(stderr, "line %d: %s: %s\n", __LINE__, #what, error.message);            \
      return 1;                                                                        \
    }                                                                                  \
  } while (0)

int main(int argc, char **argv) {
  penstock_error error;
  memset(&error, 0, sizeof error);
  if (argc < 4) return 64;
  FILE *source = fopen(argv[2], "rb");
  CHECK(source);
  fseek(source, 0, SEEK_END);
  size_t size = (size_t)ftell(source);
  rewind(source);
  char *wanted = malloc(size), *got = malloc(size + 1);
  CHECK(fread(wanted, 1, size, source) == size);
  fclose(source);

  CHECK(penstock_interface() >= PENSTOCK_INTERFACE && strlen(penstock_version()) > 0);
  const char *nonsense[] = {"nonsense"};
  CHECK(!penstock_connect(nonsense, 1, &error) && error.code == PENSTOCK_INVALID && strstr(error.message, "nonsense"));
  CHECK(!penstock_connect(nonsense, 1, NULL));
  penstock_client *client = penstock_connect((const char *const *)argv + 3, (size_t)argc - 3, &error);
  CHECK(client);

  penstock_status status;
  CHECK(penstock_stat(client, argv[1], &status, &error) == 0);
  CHECK((size_t)status.length == size && !status.is_directory && status.entity_tag[0]);
  CHECK(penstock_stat(client, "/data/nothing", &status, &error) == -1 && error.code == PENSTOCK_NOT_FOUND);
  CHECK(!penstock_open(client, "/data/nothing", &error) && error.code == PENSTOCK_NOT_FOUND && !error.is_temporary);

  penstock_file *file = penstock_open(client, argv[1], &error);
  CHECK(file);
  CHECK((size_t)penstock_length(file) == size && !penstock_is_stale(file));
  int32_t path = -1;
  CHECK(penstock_pread(file, got, size + 1, 0, &path, &error) == (int64_t)size);
  CHECK(path == PENSTOCK_SHARED && memcmp(got, wanted, size) == 0);
  CHECK(penstock_pread(file, got, 10, size + 5, NULL, &error) == 0);
  CHECK(penstock_pread(file, got, 10, UINT64_MAX, NULL, &error) == 0);

  size_t done = 0;
  CHECK(penstock_seek(file, 1000, &error) == 0);
  memset(got, 0, size);
  for (int64_t count; (count = penstock_read(file, got + 1000 + done, 77777, NULL, &error)) > 0; done += (size_t)count) {}
  CHECK(done == size - 1000 && memcmp(got + 1000, wanted + 1000, done) == 0);

  char parts[3][100];
  penstock_range ranges[3];
  memset(ranges, 0, sizeof ranges);
  for (int index = 0; index < 3; index++) {
    ranges[index].target = parts[index];
    ranges[index].size = 100;
    ranges[index].offset = (uint64_t)index * (size / 3);
  }
  CHECK(penstock_read_ahead(file, 0, size, &error) == 0);
  CHECK(penstock_read_many(file, ranges, 3, &error) == 0);
  for (int index = 0; index < 3; index++) {
    CHECK(ranges[index].count == 100 && ranges[index].path == PENSTOCK_SHARED);
    CHECK(memcmp(parts[index], wanted + ranges[index].offset, 100) == 0);
  }

  size_t seen = 0;
  while (seen < size) {
    penstock_bytes bytes;
    penstock_view *view = penstock_view_open(file, seen, size, &bytes, &error);
    CHECK(view && bytes.count > 0 && !bytes.is_copy);
    CHECK(memcmp(bytes.bytes, wanted + seen, bytes.count) == 0);
    CHECK(penstock_view_is_live(view) == 1 && penstock_view_close(view) == 1 && penstock_view_close(view) == 1);
    penstock_view_free(view);
    seen += bytes.count;
  }

  penstock_statistics figures;
  penstock_get_statistics(client, &figures);
  CHECK(figures.bytes_returned == figures.bytes[0] + figures.bytes[1] + figures.bytes[2] + figures.bytes[3]);
  CHECK(figures.connections == 1 && figures.bytes_in_place == size);

  // A child may not use its parent's handles, and the parent's go on.
  pid_t child = fork();
  if (child == 0) {
    int64_t count = penstock_pread(file, got, 1, 0, NULL, &error);
    _exit(count == -1 && error.code == PENSTOCK_FORKED ? 0 : 1);
  }
  int ended = -1;
  CHECK(waitpid(child, &ended, 0) == child && ended == 0);
  CHECK(penstock_pread(file, got, size, 0, &path, &error) == (int64_t)size && path == PENSTOCK_SHARED);

  penstock_close(file);
  char folder[1024];
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(argv[1], '/') - argv[1]), argv[1]);
  penstock_listing *listing = penstock_list(client, folder, &error);
  CHECK(listing && penstock_listing_count(listing) == 1);
  CHECK(strcmp(penstock_listing_path(listing, 0), argv[1]) == 0 && !penstock_listing_path(listing, 1));
  CHECK(penstock_listing_status(listing, 0, &status) == 0 && (size_t)status.length == size);
  penstock_listing_free(listing);
  penstock_disconnect(client);
  puts("ok");
  return 0;
}
