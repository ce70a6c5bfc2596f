/*
 * A board for the sketch on this PC. Usage: board <pipe to read> <pipe to write> <file with the EEPROM>. A line in is one
 * turn of loop(): `step <ms> <button> [<hex of bytes on Serial1>]`; out come `tx <hex>`, `pin <number> <level>`, `say <text>`
 * as they happen, and a dot. Nothing happens between two lines.
 */
#include "Arduino.h"
#include "EEPROM.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *toTest;
static FILE *eepromFile;
static unsigned long nowMs;
static int buttonLevel = HIGH;
static uint8_t received[8192];
static size_t receivedFirst, receivedLast;
static char said[512];
static size_t saidBytes;
static unsigned long bauds[2];

HardwareSerial Serial;
HardwareSerial Serial1;
EEPROMClass EEPROM;

unsigned long millis() { return nowMs; }
void pinMode(uint8_t, uint8_t) {}
void digitalWrite(uint8_t pin, uint8_t level) { fprintf(toTest, "pin %u %u\n", pin, level); }
int digitalRead(uint8_t) { return buttonLevel; }

uint8_t boardEepromRead(int at) {
  fseek(eepromFile, at, SEEK_SET);
  int value = fgetc(eepromFile);
  return value < 0 ? 0xff : (uint8_t)value;
}

void boardEepromWrite(int at, uint8_t value) {
  fprintf(toTest, "eeprom %d\n", at);
  fseek(eepromFile, at, SEEK_SET);
  fputc(value, eepromFile);
  fflush(eepromFile);
}

static size_t say(const char *text, bool isEnd) {
  size_t count = strlen(text);
  if (saidBytes + count < sizeof said) {
    memcpy(said + saidBytes, text, count);
    saidBytes += count;
  }
  if (isEnd) {
    said[saidBytes] = 0;
    saidBytes = 0;
    fprintf(toTest, "say %s\n", said);
  }
  return count;
}

void HardwareSerial::begin(unsigned long baud) { bauds[this == &Serial1] = baud; }

int HardwareSerial::read() {
  if (this != &Serial1 || receivedFirst == receivedLast) return -1;
  return received[receivedFirst++];
}

size_t HardwareSerial::write(const uint8_t *bytes, size_t count) {
  if (this != &Serial1) exit(5);
  fprintf(toTest, "tx ");
  for (size_t index = 0; index < count; index++) fprintf(toTest, "%02x", bytes[index]);
  fprintf(toTest, "\n");
  return count;
}

size_t HardwareSerial::print(const __FlashStringHelper *text) { return say(reinterpret_cast<const char *>(text), false); }
size_t HardwareSerial::println(const __FlashStringHelper *text) { return say(reinterpret_cast<const char *>(text), true); }
size_t HardwareSerial::println(const char *text) { return say(text, true); }
size_t HardwareSerial::println(unsigned char number) {
  char text[4];
  snprintf(text, sizeof text, "%u", number);
  return say(text, true);
}

int main(int argc, char **argv) {
  static char line[20000];
  static char hex[16400];
  if (argc != 4) return 2;
  FILE *fromTest = fopen(argv[1], "r");
  toTest = fopen(argv[2], "w");
  eepromFile = fopen(argv[3], "r+");
  if (!fromTest || !toTest || !eepromFile) return 2;
  setup();
  if (bauds[0] != 115200 || bauds[1] != 38400) return 6;
  while (fgets(line, sizeof line, fromTest)) {
    hex[0] = 0;
    if (sscanf(line, "step %lu %d %16399s", &nowMs, &buttonLevel, hex) < 2) return 3;
    if (receivedFirst == receivedLast) receivedFirst = receivedLast = 0;
    for (const char *at = hex; at[0] && at[1] && receivedLast < sizeof received; at += 2) {
      unsigned value = 0;
      if (sscanf(at, "%2x", &value) != 1) return 4;
      received[receivedLast++] = (uint8_t)value;
    }
    loop();
    fprintf(toTest, ".\n");
    fflush(toTest);
  }
  return 0;
}
