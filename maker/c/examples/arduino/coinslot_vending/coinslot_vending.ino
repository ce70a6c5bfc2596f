/*
 * Coinslot on an Arduino: press the button, scan the code, the motor turns once.
 * Copy coinslot.h and coinslot.c into this folder. Needs a board with a second serial port (Mega, Leonardo, Nano Every, ESP32,
 * Pico, ...): Serial1 goes to the module, Serial to the PC. 5 V boards need a level shifter to the module's 3.3 V.
 * An AVR at 16 MHz hits 38400 baud exactly and 115200 badly: `coinslot settings baud=38400` once, from a PC.
 * This machine delivers (relay mode 0). The number of the order is in EEPROM before the motor moves, so that a power cut
 * cannot make it deliver twice.
 */
#include <EEPROM.h>
#include "coinslot.h"

const unsigned long BAUD = 38400;
const int BUTTON_PIN = 2;  // to ground
const int MOTOR_PIN = 3;
const int EEPROM_AT = 0;  // four bytes: the order whose delivery began last

const uint32_t PRICE_FEN = 250;
const unsigned long MOTOR_MS = 1000;
const unsigned long RETRY_MS = 1000;
const unsigned long GIVE_UP_MS = 30000;
const unsigned long SILENCE_MS = 15000;

enum Step { IDLE, WANTS_ORDER, ASKED, OPEN };

coinslot module;
Step step = IDLE;
char reference[COINSLOT_REFERENCE_ROOM];
uint32_t openOrder;   // number of the order that is open
uint32_t motorOrder;  // number of the order that is being delivered, 0: none
bool isMotorOn;
unsigned long begunMs, retryMs, heardMs, motorMs, buttonMs;
bool wasPressed;
bool isModeSet;

// ---- Three hooks ----

uint16_t sendBytes(void *, const uint8_t *bytes, uint16_t count) { return (uint16_t)Serial1.write(bytes, count); }

int receiveByte(void *) { return Serial1.read(); }

uint16_t milliseconds(void *) { return (uint16_t)millis(); }

// ---- What the module tells ----

void onInfo(void *, const coinslot_info *info) {
  Serial.print(F("module "));
  Serial.println(info->device_id);
}

void onQr(void *, const coinslot_qr *qr) {
  // Here your display draws the code. Keep it short: bytes arrive meanwhile, and the receive buffer holds 64.
  Serial.print(F("QR "));
  Serial.println(qr->url);
}

// Told to deliver before the last start of this machine. If the motor had begun, nobody knows whether something fell: the
// merchant decides. Otherwise nothing was delivered, and the customer gets the money back.
void onEarlier(uint32_t order) {
  uint32_t begunOrder = 0;
  EEPROM.get(EEPROM_AT, begunOrder);
  if (order != begunOrder) coinslot_failed(&module, order);
}

void onStatus(void *, const coinslot_status *status) {
  if (status->is_earlier) onEarlier(status->order);
  if (step == IDLE || strcmp(status->reference, reference) != 0) return;
  step = OPEN;
  openOrder = status->order;
  heardMs = millis();
  if (status->state < COINSLOT_STATE_DONE) return;
  Serial.println(status->state == COINSLOT_STATE_DONE ? F("thank you") : F("not sold"));
  step = IDLE;
}

void onAnswer(void *, const coinslot_answer *answer) {
  if (answer->type == COINSLOT_SET_SETTINGS && answer->result == COINSLOT_OK) isModeSet = true;
  if (answer->type == COINSLOT_QUERY && answer->reason == COINSLOT_REASON_UNKNOWN_ORDER) step = IDLE;
  if (answer->type != COINSLOT_PAY || step != ASKED) return;
  const bool isPassing = answer->result == COINSLOT_E_NO_ANSWER || answer->reason == COINSLOT_REASON_BUSY ||
                         answer->reason == COINSLOT_REASON_OFFLINE || answer->reason == COINSLOT_REASON_NOT_SYNCED ||
                         answer->reason == COINSLOT_REASON_STORAGE;
  if (answer->result == COINSLOT_OK) {
    step = OPEN;
    openOrder = answer->order;
    heardMs = millis();
  } else if (isPassing && millis() - begunMs < GIVE_UP_MS) {
    step = WANTS_ORDER;  // the same again with the same reference: it cannot become two orders
    retryMs = millis();
  } else {
    Serial.print(F("out of service, reason "));
    Serial.println(answer->reason);
    step = IDLE;
  }
}

// Only noted here; the loop moves the motor.
void onDeliver(void *, uint32_t order, uint32_t) { motorOrder = order; }

coinslot_config config;

// ---- The machine ----

void beginSale() {
  if (step != IDLE || !isModeSet || coinslot_reference(&module, reference, sizeof reference) != COINSLOT_OK) return;
  step = WANTS_ORDER;
  begunMs = millis();
  retryMs = millis() - RETRY_MS;
}

void goOn() {
  if (step == WANTS_ORDER && millis() - retryMs >= RETRY_MS) {
    coinslot_payment payment;
    payment.amount_fen = PRICE_FEN;
    payment.ttl_s = 120;
    payment.channel = COINSLOT_WECHAT;
    payment.reference = reference;
    payment.goods = "cola";
    if (coinslot_pay(&module, &payment) == COINSLOT_OK) step = ASKED;
  }
  if (step == OPEN && millis() - heardMs > SILENCE_MS) {
    if (coinslot_query(&module, openOrder, 0) == COINSLOT_OK) heardMs = millis();
  }
}

void turnMotor() {
  if (motorOrder && !isMotorOn) {
    EEPROM.put(EEPROM_AT, motorOrder);  // before the motor moves
    isMotorOn = true;
    motorMs = millis();
    digitalWrite(MOTOR_PIN, HIGH);
  }
  if (isMotorOn && millis() - motorMs >= MOTOR_MS) {
    digitalWrite(MOTOR_PIN, LOW);
    isMotorOn = false;
    coinslot_dispensed(&module, motorOrder);  // or coinslot_failed, when a sensor saw nothing fall
    motorOrder = 0;
  }
}

// Once after the start: this machine delivers, whatever the module was set to before.
void setMode() {
  if (!isModeSet && coinslot_is_alive(&module)) coinslot_set_settings(&module, "{\"mode\":0}");
}

void setup() {
  Serial.begin(115200);
  Serial1.begin(BAUD);
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  pinMode(MOTOR_PIN, OUTPUT);
  digitalWrite(MOTOR_PIN, LOW);
  config.send = sendBytes;
  config.receive = receiveByte;
  config.millis = milliseconds;
  config.on_info = onInfo;
  config.on_qr = onQr;
  config.on_status = onStatus;
  config.on_answer = onAnswer;
  config.on_deliver = onDeliver;
  config.name = "arduino";
  coinslot_start(&module, &config, 0);
}

void loop() {
  coinslot_poll(&module);
  setMode();
  turnMotor();
  goOn();
  if (digitalRead(BUTTON_PIN) == HIGH) {
    buttonMs = millis();
    wasPressed = false;
  } else if (!wasPressed && millis() - buttonMs > 30) {
    wasPressed = true;
    beginSale();
  }
}
