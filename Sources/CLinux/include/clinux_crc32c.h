// CRC32C (Castagnoli, reflected, as iSCSI and ext4 use it). Check value: 0xe3069283 for "123456789".
// ORDER MATTERS: <features.h> first, as in clinux.h.
#pragma once
#include <features.h>

#include <stddef.h>
#include <stdint.h>

/// The CRC32C of `length` bytes, continuing from `crc`: 0 starts, and crc(crc(0, a), b) is the sum of a and b joined.
uint32_t pen_crc32c(uint32_t crc, const void *data, size_t length);
/// One CRC32C for each 4096 bytes of `data`, the last for what is left, into `out[ceil(length / 4096)]`.
void pen_crc32c_units(const void *data, size_t length, uint32_t *out);

/// Ways to compute it, slowest first; `best` is what the two functions above use on this machine.
enum pen_crc32c_way {
  PEN_CRC32C_PORTABLE = 0,
  /// The CPU's instruction, one chain.
  PEN_CRC32C_SINGLE = 1,
  /// The CPU's instruction, three chains at once: it takes three cycles and starts one each cycle.
  PEN_CRC32C_TRIPLE = 2,
};
unsigned pen_crc32c_best(void);
/// As pen_crc32c, in a way that is at most the best one; for tests.
uint32_t pen_crc32c_by(unsigned way, uint32_t crc, const void *data, size_t length);
