/* The Arduino library's get and put, over two functions of the test board. */
#ifndef EEPROM_H
#define EEPROM_H

#include <stddef.h>
#include <stdint.h>

uint8_t boardEepromRead(int at);
void boardEepromWrite(int at, uint8_t value);

struct EEPROMClass {
  template <typename T>
  T &get(int at, T &value) {
    uint8_t *bytes = reinterpret_cast<uint8_t *>(&value);
    for (size_t index = 0; index < sizeof value; index++) bytes[index] = boardEepromRead(at + (int)index);
    return value;
  }
  template <typename T>
  const T &put(int at, const T &value) {
    const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&value);
    for (size_t index = 0; index < sizeof value; index++) boardEepromWrite(at + (int)index, bytes[index]);
    return value;
  }
};

extern EEPROMClass EEPROM;

#endif
