#define _GNU_SOURCE
#include <features.h>

#include "include/clinux_crc32.h"
#include "include/clinux_crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define PEN_TARGET __attribute__((target("sse4.2")))
#define STEP8(state, word) ((uint32_t)_mm_crc32_u64(state, word))
#elif defined(__aarch64__)
#define PEN_TARGET __attribute__((target("crc")))
#define STEP8(state, word) __builtin_arm_crc32cd(state, word)
#endif

static uint32_t slices[8][256];

__attribute__((constructor)) static void fill_slices(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t state = i;
    for (int bit = 0; bit < 8; bit++) state = state & 1 ? state >> 1 ^ 0xEDB88320u : state >> 1;
    slices[0][i] = state;
  }
  for (uint32_t i = 0; i < 256; i++) {
    for (int slice = 1; slice < 8; slice++) {
      slices[slice][i] = slices[slice - 1][i] >> 8 ^ slices[0][slices[slice - 1][i] & 255];
    }
  }
}

static inline uint64_t word_at(const unsigned char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

static inline uint32_t sum_at(const unsigned char *p) {
  uint32_t sum;
  memcpy(&sum, p, sizeof sum);
  return __builtin_bswap32(sum);
}

uint32_t pen_crc32(uint32_t crc, const void *data, size_t n) {
  const unsigned char *p = data;
  uint32_t state = ~crc;
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word = word_at(p) ^ state;
    state = slices[7][word & 255] ^ slices[6][word >> 8 & 255] ^ slices[5][word >> 16 & 255] ^
            slices[4][word >> 24 & 255] ^ slices[3][word >> 32 & 255] ^ slices[2][word >> 40 & 255] ^
            slices[1][word >> 48 & 255] ^ slices[0][word >> 56];
  }
  while (n--) state = slices[0][(state ^ *p++) & 255] ^ state >> 8;
  return ~state;
}

#ifdef PEN_TARGET
// Four chunks at once: the instruction takes three cycles and starts one each cycle, and short chunks leave no room for lanes.
PEN_TARGET static bool four_match(const unsigned char *p, size_t chunk, const unsigned char *sums) {
  uint32_t a = ~0u, b = ~0u, c = ~0u, d = ~0u;
  for (size_t i = 0; i < chunk; i += 8) {
    // Four places in one page are no sequence to the CPU, so that it does not fetch ahead by itself.
    if (i % 16 == 0) __builtin_prefetch(p + 4 * chunk + 4 * i);
    a = STEP8(a, word_at(p + i));
    b = STEP8(b, word_at(p + chunk + i));
    c = STEP8(c, word_at(p + 2 * chunk + i));
    d = STEP8(d, word_at(p + 3 * chunk + i));
  }
  return ~a == sum_at(sums) && ~b == sum_at(sums + 4) && ~c == sum_at(sums + 8) && ~d == sum_at(sums + 12);
}
#endif

bool pen_checksums_match(bool castagnoli, const void *data, size_t n, size_t chunk, const void *expected) {
  const unsigned char *p = data, *sums = expected;
#ifdef PEN_TARGET
  if (castagnoli && chunk % 8 == 0 && pen_crc32c_best() != PEN_CRC32C_PORTABLE) {
    for (; n >= 4 * chunk; p += 4 * chunk, n -= 4 * chunk, sums += 16) {
      if (!four_match(p, chunk, sums)) return false;
    }
  }
#endif
  while (n > 0) {
    size_t length = n < chunk ? n : chunk;
    uint32_t sum = castagnoli ? pen_crc32c(0, p, length) : pen_crc32(0, p, length);
    if (sum != sum_at(sums)) return false;
    p += length;
    n -= length;
    sums += 4;
  }
  return true;
}
