/*
 * What the self-test needs of each machine: printing a character, beginning, ending, and constants in program memory.
 * Simulated ones: s51 (8051; character and stop by its interface at the last byte of XRAM), simavr (AVR; its console
 * register), QEMU's microbit (Cortex-M0; semihosting).
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdint.h>

#if defined(__SDCC_mcs51)

#define ROM static const __code uint8_t
typedef const __code uint8_t *ROM_POINTER;
#define ROM_READ(at) (*(at))
static __xdata __at(0xFFFF) volatile char simulator;

static void print_char(char character) {
  simulator = 'p';
  simulator = character;
}
static void target_begin(void) {}
static void target_end(void) { simulator = 's'; }

#elif defined(__AVR__)

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#define ROM static const uint8_t PROGMEM
typedef const uint8_t *ROM_POINTER;
#define ROM_READ(at) pgm_read_byte(at)

static void print_char(char character) {
  UDR0 = (uint8_t)character;
  while (!(UCSR0A & _BV(UDRE0))) {
  }
}
static void target_begin(void) { UCSR0B = _BV(TXEN0); }
/* Asleep with interrupts off: simavr ends. */
static void target_end(void) {
  cli();
  sleep_enable();
  sleep_cpu();
}

#elif defined(__arm__)

#define ROM static const uint8_t
typedef const uint8_t *ROM_POINTER;
#define ROM_READ(at) (*(at))

static void semihosting(uint32_t operation, const void *argument) {
  __asm__ volatile("mov r0, %0\n mov r1, %1\n bkpt 0xAB\n" : : "r"(operation), "r"(argument) : "r0", "r1", "memory");
}
static void print_char(char character) { semihosting(3, &character); }
static void target_begin(void) {}
static void target_end(void) { semihosting(0x18, (const void *)0x20026); }

#else

#include <stdio.h>
#define ROM static const uint8_t
typedef const uint8_t *ROM_POINTER;
#define ROM_READ(at) (*(at))
static void print_char(char character) { putchar(character); }
static void target_begin(void) {}
static void target_end(void) {}

#endif
#endif
