#define _GNU_SOURCE
#include <features.h>

#include "include/clinux_crc32.h"
#include "include/clinux_crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
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

// Everything below but for what is declared in the header works on the raw state: the complement of the sum.

static uint32_t by_tables(uint32_t state, const unsigned char *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word = word_at(p) ^ state;
    state = slices[7][word & 255] ^ slices[6][word >> 8 & 255] ^ slices[5][word >> 16 & 255] ^
            slices[4][word >> 24 & 255] ^ slices[3][word >> 32 & 255] ^ slices[2][word >> 40 & 255] ^
            slices[1][word >> 48 & 255] ^ slices[0][word >> 56];
  }
  while (n--) state = slices[0][(state ^ *p++) & 255] ^ state >> 8;
  return state;
}

#if defined(__x86_64__)
#define CLMUL_TARGET __attribute__((target("sse4.1,pclmul")))

// Carry-less multiplication (Gopal and others, Intel, 2009): 16 bytes times x^n modulo the polynomial lie n bits further on.
// The constants are those of the paper for this polynomial, with its bits reversed.
CLMUL_TARGET static inline __m128i fold(__m128i lane, __m128i by, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(lane, by, 0x00), high = _mm_clmulepi64_si128(lane, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

CLMUL_TARGET static inline __m128i lane_at(const unsigned char *p) { return _mm_loadu_si128((const __m128i *)p); }

// At least 64 bytes, a multiple of 16.
CLMUL_TARGET static uint32_t by_multiplication(uint32_t state, const unsigned char *p, size_t n) {
  const __m128i by64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), by16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  const __m128i by4 = _mm_set_epi64x(0, 0x163cd6124), reduce = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  const __m128i words = _mm_setr_epi32(-1, 0, -1, 0);
  __m128i a = _mm_xor_si128(lane_at(p), _mm_cvtsi32_si128((int)state));
  __m128i b = lane_at(p + 16), c = lane_at(p + 32), d = lane_at(p + 48);
  for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
    a = fold(a, by64, lane_at(p));
    b = fold(b, by64, lane_at(p + 16));
    c = fold(c, by64, lane_at(p + 32));
    d = fold(d, by64, lane_at(p + 48));
  }
  a = fold(fold(fold(a, by16, b), by16, c), by16, d);
  for (; n >= 16; p += 16, n -= 16) a = fold(a, by16, lane_at(p));
  // 128 bits to 96, to 64, and the remainder of those (Barrett).
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by16, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, words), by4, 0x00));
  __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, words), reduce, 0x10), words);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, _mm_clmulepi64_si128(quotient, reduce, 0x00)), 1);
}

static bool multiplies;

__attribute__((constructor)) static void find_way(void) {
  __builtin_cpu_init();
  multiplies = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}
#elif defined(__aarch64__)
PEN_TARGET static uint32_t by_instruction(uint32_t state, const unsigned char *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) state = __builtin_arm_crc32d(state, word_at(p));
  while (n--) state = __builtin_arm_crc32b(state, *p++);
  return state;
}
#endif

uint32_t pen_crc32_by_tables(uint32_t crc, const void *data, size_t n) { return ~by_tables(~crc, data, n); }

uint32_t pen_crc32(uint32_t crc, const void *data, size_t n) {
  const unsigned char *p = data;
  uint32_t state = ~crc;
#if defined(__x86_64__)
  if (multiplies && n >= 64) {
    size_t whole = n & ~(size_t)15;
    state = by_multiplication(state, p, whole);
    p += whole;
    n -= whole;
  }
#elif defined(__aarch64__)
  if (pen_crc32c_best() != PEN_CRC32C_PORTABLE) return ~by_instruction(state, p, n);
#endif
  return ~by_tables(state, p, n);
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
