#define _GNU_SOURCE
#include "include/clinux_fatal.h"

#include <execinfo.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FRAMES_MAX 64

static char process_name[32];

// Only what is safe in a handler: no printf, no memory.
static char *add_text(char *at, const char *end, const char *text) {
  while (*text && at < end) *at++ = *text++;
  return at;
}

static char *add_number(char *at, const char *end, uint64_t number, unsigned base) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number);
  while (count > 0 && at < end) *at++ = digits[--count];
  return at;
}

static void report(int number, siginfo_t *info, void *context) {
  (void)context;
  char line[256];
  const char *end = line + sizeof line;
  const char *abbreviation = sigabbrev_np(number);
  char *at = add_text(line, end, process_name);
  at = add_text(at, end, ": ended by a fault, signal ");
  at = add_number(at, end, (uint64_t)number, 10);
  at = add_text(at, end, " (SIG");
  at = add_text(at, end, abbreviation ? abbreviation : "?");
  at = add_text(at, end, ") at address 0x");
  at = add_number(at, end, (uint64_t)(uintptr_t)info->si_addr, 16);
  at = add_text(at, end, " in thread ");
  at = add_number(at, end, (uint64_t)gettid(), 10);
  at = add_text(at, end, "; this is a defect, please report it with these lines:\n");
  ssize_t written = write(STDERR_FILENO, line, (size_t)(at - line));
  (void)written;
  void *frames[FRAMES_MAX];
  backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
  // The handler is gone (SA_RESETHAND): a fault comes again as soon as this returns; what was sent is sent again.
  if (info->si_code <= 0) raise(number);
}

void pen_report_faults(const char *name) {
  strncpy(process_name, name, sizeof process_name - 1);
  // The first call loads the unwinder, which a handler must not.
  void *frame[1];
  backtrace(frame, 1);
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction action;
    if (sigaction(numbers[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
    sigaction(numbers[i], &action, NULL);
  }
}
