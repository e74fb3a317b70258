// Says which way the first bytes of a file come: penstock_way PATH SETTING…
#include <penstock.h>
#include <stdio.h>

int main(int argc, char **argv) {
  penstock_error error = {0};
  char bytes[16];
  int32_t path = -1;
  const char *const words[] = {"shared", "domain", "network", "ufs"};
  if (argc < 3) return 64;
  penstock_client *client = penstock_connect((const char *const *)argv + 2, (size_t)argc - 2, &error);
  penstock_file *file = client ? penstock_open(client, argv[1], &error) : NULL;
  if (!file || penstock_pread(file, bytes, sizeof bytes, 0, &path, &error) < 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  puts(words[path]);
  penstock_close(file);
  penstock_disconnect(client);
  return 0;
}
