/*
 * Coinslot in place of a coin acceptor: the old machine stays as it is and goes on counting pulses; they come from the module's
 * relay 1 (relay mode 2). This add-on has three buttons (1, 2 and 5 yuan), and a display for the code.
 * Copy coinslot.h and coinslot.c into this folder. Serial1 goes to the module, Serial to the PC or display.
 * Once, from a PC: `coinslot settings baud=38400`. Mode, price and length of a pulse are set here.
 */
#include "coinslot.h"

const unsigned long BAUD = 38400;
const int BUTTON_PINS[] = {2, 3, 4};              // to ground
const uint32_t PRICES_FEN[] = {100, 200, 500};
// A pulse for each yuan, 50 ms on and 100 ms off: what the old acceptor did.
const char SETTINGS[] = "{\"mode\":2,\"relay\":1,\"fenPerPulse\":100,\"onMs\":50,\"offMs\":100}";

const unsigned long RETRY_MS = 1000;
const unsigned long GIVE_UP_MS = 30000;
const unsigned long SILENCE_MS = 15000;

enum Step { IDLE, WANTS_ORDER, ASKED, OPEN };

coinslot module;
coinslot_config config;
Step step = IDLE;
char reference[COINSLOT_REFERENCE_ROOM];
uint32_t priceFen;
uint32_t openOrder;
unsigned long begunMs, retryMs, heardMs;
bool isModeSet, wasPressed;

uint16_t sendBytes(void *, const uint8_t *bytes, uint16_t count) { return (uint16_t)Serial1.write(bytes, count); }

int receiveByte(void *) { return Serial1.read(); }

uint16_t milliseconds(void *) { return (uint16_t)millis(); }

void onQr(void *, const coinslot_qr *qr) {
  Serial.print(F("QR "));
  Serial.println(qr->url);
}

void onStatus(void *, const coinslot_status *status) {
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
    step = WANTS_ORDER;
    retryMs = millis();
  } else {
    Serial.print(F("out of service, reason "));
    Serial.println(answer->reason);
    step = IDLE;
  }
}

void beginSale(uint32_t fen) {
  if (step != IDLE || !isModeSet || coinslot_reference(&module, reference, sizeof reference) != COINSLOT_OK) return;
  priceFen = fen;
  step = WANTS_ORDER;
  begunMs = millis();
  retryMs = millis() - RETRY_MS;
}

void goOn() {
  if (!isModeSet && coinslot_is_alive(&module)) coinslot_set_settings(&module, SETTINGS);
  if (step == WANTS_ORDER && millis() - retryMs >= RETRY_MS) {
    coinslot_payment payment;
    payment.amount_fen = priceFen;
    payment.ttl_s = 120;
    payment.channel = COINSLOT_WECHAT;
    payment.reference = reference;
    payment.goods = "coins";
    if (coinslot_pay(&module, &payment) == COINSLOT_OK) step = ASKED;
  }
  if (step == OPEN && millis() - heardMs > SILENCE_MS) {
    if (coinslot_query(&module, openOrder, 0) == COINSLOT_OK) heardMs = millis();
  }
}

void setup() {
  Serial.begin(115200);
  Serial1.begin(BAUD);
  for (int pin : BUTTON_PINS) pinMode(pin, INPUT_PULLUP);
  config.send = sendBytes;
  config.receive = receiveByte;
  config.millis = milliseconds;
  config.on_qr = onQr;
  config.on_status = onStatus;
  config.on_answer = onAnswer;
  config.name = "coin-pulses";
  coinslot_start(&module, &config, 0);
}

void loop() {
  coinslot_poll(&module);
  goOn();
  int pressed = -1;
  for (int button = 0; button < 3; button++) {
    if (digitalRead(BUTTON_PINS[button]) == LOW) pressed = button;
  }
  if (pressed >= 0 && !wasPressed) beginSale(PRICES_FEN[pressed]);
  wasPressed = pressed >= 0;
}
