/*
 * As much of the Arduino API as the example uses, written for tests: the same sketch compiles with avr-g++ for an AVR, and with
 * a compiler of this PC into a program that board.cpp drives step by step. Signatures after the Arduino reference.
 */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HIGH 1
#define LOW 0
#define INPUT_PULLUP 2
#define OUTPUT 1

class __FlashStringHelper;
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(text))

class HardwareSerial {
 public:
  void begin(unsigned long baud);
  int read();
  size_t write(const uint8_t *bytes, size_t count);
  size_t print(const __FlashStringHelper *text);
  size_t println(const __FlashStringHelper *text);
  size_t println(const char *text);
  size_t println(unsigned char number);
};

extern HardwareSerial Serial;
extern HardwareSerial Serial1;

unsigned long millis();
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
int digitalRead(uint8_t pin);
void setup();
void loop();

#endif
