// The last words of a process that a fault ends.
#pragma once

/// Makes signals that mean a fault (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS) write a line with `name` and the addresses
/// of the calling thread's frames to standard error before they end the process as they would have. A signal that somebody handles already,
/// as a sanitizer does, is left alone.
void pen_report_faults(const char *name);
