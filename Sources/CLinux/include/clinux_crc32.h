// CRC32 (IEEE 802.3, reflected, as gzip and Ethernet use it) and sums of chunks as HDFS keeps them.
// ORDER MATTERS: <features.h> first, as in clinux.h.
#pragma once
#include <features.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The CRC32 of `length` bytes, continuing from `crc`. Check value: 0xcbf43926 for "123456789".
uint32_t pen_crc32(uint32_t crc, const void *data, size_t length);
/// As pen_crc32, without the CPU's help; for tests.
uint32_t pen_crc32_by_tables(uint32_t crc, const void *data, size_t length);
/// Whether `sums`, big-endian, are the CRC32C (`castagnoli`) or CRC32 of every `chunk` bytes of `data`, the last for what is left.
bool pen_checksums_match(bool castagnoli, const void *data, size_t length, size_t chunk, const void *sums);
