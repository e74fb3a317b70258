#define _GNU_SOURCE
#include <features.h>

#include "include/clinux_crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#define PEN_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#define PEN_TARGET __attribute__((target("crc")))
#endif

// Everything below works on the raw state: the complement of the sum.

#define UNIT 4096
// Three lanes of these sizes are joined by tables; 3 * 1360 is a unit but for two words.
#define LANE_LONG 1360
#define LANE_SHORT 168
// Bytes of a lane between prefetches, at most a line of the cache, and how far ahead they look.
#define STRIDE 56
#define AHEAD (3 * UNIT)

static uint32_t slices[8][256];
static uint32_t advance_long[4][256], advance_short[4][256];
static unsigned best_way;

static inline uint64_t word_at(const unsigned char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

// Slicing by 8 (Kounavis and Berry, 2005); little-endian hosts, as everything on disk here.
static uint32_t portable(uint32_t state, const unsigned char *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word = word_at(p) ^ state;
    state = slices[7][word & 255] ^ slices[6][word >> 8 & 255] ^ slices[5][word >> 16 & 255] ^
            slices[4][word >> 24 & 255] ^ slices[3][word >> 32 & 255] ^ slices[2][word >> 40 & 255] ^
            slices[1][word >> 48 & 255] ^ slices[0][word >> 56];
  }
  while (n--) state = slices[0][(state ^ *p++) & 255] ^ state >> 8;
  return state;
}

#ifdef PEN_TARGET
#if defined(__x86_64__)
#define STEP8(state, word) ((uint32_t)_mm_crc32_u64(state, word))
#define STEP1(state, byte) _mm_crc32_u8(state, byte)
#else
#define STEP8(state, word) __builtin_arm_crc32cd(state, word)
#define STEP1(state, byte) __builtin_arm_crc32cb(state, byte)
#endif

PEN_TARGET static uint32_t single(uint32_t state, const unsigned char *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) state = STEP8(state, word_at(p));
  while (n--) state = STEP1(state, *p++);
  return state;
}

static inline uint32_t advance(uint32_t table[4][256], uint32_t state) {
  return table[0][state & 255] ^ table[1][state >> 8 & 255] ^ table[2][state >> 16 & 255] ^ table[3][state >> 24];
}

PEN_TARGET static inline __attribute__((always_inline)) uint32_t lanes(
    uint32_t state, const unsigned char *p, size_t lane, uint32_t table[4][256]) {
  uint32_t second = 0, third = 0;
  for (size_t i = 0; i < lane;) {
    // The processor's own prefetching starts anew at each 4 KiB: what comes three units later is asked for by hand.
    // Beyond the end that does nothing.
    __builtin_prefetch(p + AHEAD + i);
    __builtin_prefetch(p + AHEAD + lane + i);
    __builtin_prefetch(p + AHEAD + 2 * lane + i);
    for (size_t end = i + STRIDE < lane ? i + STRIDE : lane; i < end; i += 8) {
      state = STEP8(state, word_at(p + i));
      second = STEP8(second, word_at(p + lane + i));
      third = STEP8(third, word_at(p + 2 * lane + i));
    }
  }
  return advance(table, advance(table, state) ^ second) ^ third;
}

PEN_TARGET static uint32_t triple(uint32_t state, const unsigned char *p, size_t n) {
  for (; n >= 3 * LANE_LONG; p += 3 * LANE_LONG, n -= 3 * LANE_LONG) state = lanes(state, p, LANE_LONG, advance_long);
  for (; n >= 3 * LANE_SHORT; p += 3 * LANE_SHORT, n -= 3 * LANE_SHORT)
    state = lanes(state, p, LANE_SHORT, advance_short);
  return single(state, p, n);
}

// Sums of neighbouring units need no joining. The processor's own prefetching starts anew at each 4 KiB, so the next three units are asked
// for by hand; beyond the end that does nothing.
PEN_TARGET static void three_units(const unsigned char *p, uint32_t *out) {
  uint32_t first = ~0u, second = ~0u, third = ~0u;
  for (size_t line = 0; line < UNIT; line += 64) {
    __builtin_prefetch(p + 3 * UNIT + line);
    __builtin_prefetch(p + 4 * UNIT + line);
    __builtin_prefetch(p + 5 * UNIT + line);
    for (size_t i = line; i < line + 64; i += 8) {
      first = STEP8(first, word_at(p + i));
      second = STEP8(second, word_at(p + UNIT + i));
      third = STEP8(third, word_at(p + 2 * UNIT + i));
    }
  }
  out[0] = ~first;
  out[1] = ~second;
  out[2] = ~third;
}
#endif

static unsigned find_best(void) {
#if defined(__x86_64__)
  unsigned a, b, c = 0, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) ? PEN_CRC32C_TRIPLE : PEN_CRC32C_PORTABLE;
#elif defined(__aarch64__)
  return getauxval(AT_HWCAP) & HWCAP_CRC32 ? PEN_CRC32C_TRIPLE : PEN_CRC32C_PORTABLE;
#else
  return PEN_CRC32C_PORTABLE;
#endif
}

// The state after `lane` zero bytes is linear in the state before: 32 of them give all.
static void fill_advance(uint32_t table[4][256], size_t lane) {
  static const unsigned char zeros[LANE_LONG];
  uint32_t columns[32];
  for (int bit = 0; bit < 32; bit++) columns[bit] = portable(1u << bit, zeros, lane);
  for (int position = 0; position < 4; position++)
    for (int byte = 0; byte < 256; byte++) {
      uint32_t sum = 0;
      for (int bit = 0; bit < 8; bit++)
        if (byte >> bit & 1) sum ^= columns[8 * position + bit];
      table[position][byte] = sum;
    }
}

__attribute__((constructor)) static void fill_tables(void) {
  for (int byte = 0; byte < 256; byte++) {
    uint32_t state = (uint32_t)byte;
    for (int bit = 0; bit < 8; bit++) state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0);
    slices[0][byte] = state;
  }
  for (int slice = 1; slice < 8; slice++)
    for (int byte = 0; byte < 256; byte++)
      slices[slice][byte] = slices[0][slices[slice - 1][byte] & 255] ^ slices[slice - 1][byte] >> 8;
  fill_advance(advance_long, LANE_LONG);
  fill_advance(advance_short, LANE_SHORT);
  best_way = find_best();
}

unsigned pen_crc32c_best(void) { return best_way; }

uint32_t pen_crc32c_by(unsigned way, uint32_t crc, const void *data, size_t length) {
#ifdef PEN_TARGET
  if (way > best_way) way = best_way;
  if (way == PEN_CRC32C_TRIPLE) return ~triple(~crc, data, length);
  if (way == PEN_CRC32C_SINGLE) return ~single(~crc, data, length);
#else
  (void)way;
#endif
  return ~portable(~crc, data, length);
}

uint32_t pen_crc32c(uint32_t crc, const void *data, size_t length) {
  return pen_crc32c_by(best_way, crc, data, length);
}

void pen_crc32c_units(const void *data, size_t length, uint32_t *out) {
  const unsigned char *p = data;
#ifdef PEN_TARGET
  if (best_way == PEN_CRC32C_TRIPLE)
    for (; length >= 3 * UNIT; p += 3 * UNIT, length -= 3 * UNIT, out += 3) three_units(p, out);
#endif
  while (length > 0) {
    size_t count = length < UNIT ? length : UNIT;
    *out++ = pen_crc32c(0, p, count);
    p += count;
    length -= count;
  }
}
