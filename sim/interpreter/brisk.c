/*
 * Preloaded into the Linux build of Espruino. Its main loop and the thread that reads its ports sleep for 50 ms
 * whenever nothing happened (targets/linux/jshardware.c); a board is woken by the interrupt of the UART instead.
 * Here they sleep for 1 ms, and nothing else is changed: what runs is the interpreter's own code.
 */
#define _GNU_SOURCE
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LONGEST_SLEEP_US 1000

int select(int count, fd_set *readable, fd_set *writable, fd_set *broken, struct timeval *wait) {
  if (count == 0 && wait && (wait->tv_sec || wait->tv_usec > LONGEST_SLEEP_US)) {
    wait->tv_sec = 0;
    wait->tv_usec = LONGEST_SLEEP_US;
  }
  return (int)syscall(SYS_select, count, readable, writable, broken, wait);
}
