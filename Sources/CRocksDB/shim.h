// The C interface of RocksDB, which keeps the page log of a disk volume.
// ORDER MATTERS: <features.h> first, as in CLinux.
#pragma once
#include <features.h>

#include <rocksdb/c.h>
