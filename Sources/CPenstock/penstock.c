// The C interface's structures are read by programs compiled elsewhere: their shape is fixed.

#include "include/penstock.h"

_Static_assert(sizeof(penstock_error) == 1036, "penstock_error");
_Static_assert(sizeof(penstock_status) == 88, "penstock_status");
_Static_assert(sizeof(penstock_range) == 40, "penstock_range");
_Static_assert(sizeof(penstock_bytes) == 24, "penstock_bytes");
_Static_assert(sizeof(penstock_statistics) == 104, "penstock_statistics");
