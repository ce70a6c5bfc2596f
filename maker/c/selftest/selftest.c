/*
 * The C library against docs/host-vectors.json, in a form that runs on anything: this PC, and simulated 8051, AVR and
 * Cortex-M0. vectors.h is made from the file by selftest.ts; the target gives print_char() and stop().
 * Prints one line for each difference and at the end `selftest <checks> <failures>`.
 */
#include "../coinslot.h"

#include <string.h>

#include "target.h"
#include "vectors.h"

static coinslot module;
static uint16_t now_ms;
static uint16_t checks;
static uint16_t failures;

/* What comes and what was sent last. */
static ROM_POINTER line;
static uint16_t line_left;
static uint8_t sent[96];
static uint16_t sent_bytes;

/* What the callbacks saw last. */
static uint32_t seen_order;
static uint32_t seen_amount;
static uint8_t seen_state;
static uint8_t seen_type;
static uint8_t seen_reason;
static uint8_t deliveries;
static uint8_t url_bytes;
static int8_t seen_result;

static void print(const char *text) {
  while (*text) print_char(*text++);
}

static void print_number(uint16_t value) {
  char digits[6];
  uint8_t at = 5;
  digits[5] = 0;
  do {
    digits[--at] = (char)('0' + value % 10u);
    value /= 10u;
  } while (value);
  print(digits + at);
}

static void check(const char *what, uint8_t is_right) {
  checks++;
  if (is_right) return;
  failures++;
  print("wrong: ");
  print(what);
  print("\n");
}

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) COINSLOT_CALLBACK {
  (void)context;
  sent_bytes = count;
  if (count <= sizeof sent) memcpy(sent, bytes, count);
  return count;
}

static int do_receive(void *context) COINSLOT_CALLBACK {
  (void)context;
  if (!line_left) return -1;
  line_left--;
  return ROM_READ(line++);
}

static uint16_t do_millis(void *context) COINSLOT_CALLBACK {
  (void)context;
  return now_ms;
}

static void on_answer(void *context, const coinslot_answer *answer) COINSLOT_CALLBACK {
  (void)context;
  seen_type = answer->type;
  seen_result = (int8_t)answer->result;
  seen_reason = answer->reason;
  seen_order = answer->order;
}

static void on_info(void *context, const coinslot_info *info) COINSLOT_CALLBACK {
  (void)context;
  seen_type = COINSLOT_INFO;
  seen_order = info->last_order;
  seen_state = (uint8_t)(strlen(info->device_id) + strlen(info->firmware) + strlen(info->board) + strlen(info->imei));
}

static void on_qr(void *context, const coinslot_qr *qr) COINSLOT_CALLBACK {
  (void)context;
  seen_type = COINSLOT_QR;
  seen_order = qr->order;
  url_bytes = (uint8_t)strlen(qr->url);
}

static void on_status(void *context, const coinslot_status *status) COINSLOT_CALLBACK {
  (void)context;
  seen_type = COINSLOT_STATUS;
  seen_order = status->order;
  seen_amount = status->amount_fen;
  seen_state = status->state;
  seen_reason = status->reason;
}

static void on_deliver(void *context, uint32_t order, uint32_t amount_fen) COINSLOT_CALLBACK {
  (void)context;
  deliveries++;
  seen_order = order;
  seen_amount = amount_fen;
}

static void on_message(void *context, uint8_t type, const uint8_t *payload, uint16_t count) COINSLOT_CALLBACK {
  (void)context;
  seen_type = type;
  seen_amount = count > 1 ? payload[1] : 0;
}

static void on_dtu(void *context, const coinslot_dtu_event *event) COINSLOT_CALLBACK {
  (void)context;
  seen_type = event->kind;
  seen_amount = event->kind == COINSLOT_DTU_HAS_DATA ? event->count : event->credit;
}

static const coinslot_config config = {do_send,   do_receive, do_millis,  on_answer, on_info, on_qr,
                                       on_status, on_deliver, on_message, on_dtu,    "vendo-8"};

static void hear(ROM_POINTER bytes, uint16_t count) {
  line = bytes;
  line_left = count;
  seen_type = 0;
  sent_bytes = 0;
  coinslot_poll(&module);
}

static uint8_t was_sent(ROM_POINTER bytes, uint16_t count) {
  uint16_t index;
  if (sent_bytes != count) return 0;
  for (index = 0; index < count; index++) {
    if (sent[index] != ROM_READ(bytes + index)) return 0;
  }
  return 1;
}

#define HEAR(name) hear(name, sizeof name)
#define SENT(name) was_sent(name, sizeof name)

/* A host that was just switched on, about to use the seq of the next example. */
static void restart(uint8_t seq) {
  check("start", coinslot_start(&module, &config, 0) == COINSLOT_OK);
  module.seq = seq;
  module.flags = 0;
}

static void test_requests(void) {
  coinslot_payment payment;
  uint16_t taken = 0;
  uint8_t data[9] = {'h', 'e', 'l', 'l', 'o', 0, 0xA5, 0x5A, 0xFF};
  check("start", coinslot_start(&module, &config, 0) == COINSLOT_OK);
  hear(V_HELLO, 0);
  check("HELLO", SENT(V_HELLO));
  restart(1);
  payment.amount_fen = 250;
  payment.channel = COINSLOT_WECHAT;
  payment.ttl_s = 120;
  payment.reference = "41.1";
  payment.goods = "\xE5\x8F\xAF\xE4\xB9\x90 330ml";
  check("pay", coinslot_pay(&module, &payment) == COINSLOT_OK && SENT(V_PAY));
  check("busy", coinslot_cancel(&module, 42) == COINSLOT_E_BUSY);
  restart(2);
  check("query", coinslot_query(&module, 42, 0) == COINSLOT_OK && SENT(V_QUERY));
  restart(4);
  check("cancel", coinslot_cancel(&module, 42) == COINSLOT_OK && SENT(V_CANCEL));
  restart(5);
  check("dispensed", coinslot_dispensed(&module, 42) == COINSLOT_OK);
  hear(V_HELLO, 0);
  check("DISPENSED", SENT(V_DISPENSED));
  restart(7);
  check("refund", coinslot_refund(&module, 42, "warm") == COINSLOT_OK && SENT(V_REFUND));
  restart(8);
  check("relay", coinslot_relay(&module, 1, 3, 100, 400) == COINSLOT_OK && SENT(V_RELAY));
  restart(13);
  check("log", coinslot_get_log(&module, 42, 20) == COINSLOT_OK && SENT(V_GET_LOG));
  restart(15);
  check("open", coinslot_dtu_open(&module, 2, 8080, "data.example.com") == COINSLOT_OK && SENT(V_DTU_OPEN_direct));
  restart(16);
  HEAR(V_DTU_OPENED);
  check("write", coinslot_dtu_write(&module, data, 9, &taken) == COINSLOT_OK && taken == 9 && SENT(V_DTU_DATA));
  restart(17);
  HEAR(V_DTU_OPENED);
  check("credit", coinslot_dtu_credit(&module, 128) == COINSLOT_OK && SENT(V_DTU_CREDIT));
}

static void test_messages(void) {
  restart(0);
  HEAR(V_INFO);
  check("INFO", seen_type == COINSLOT_INFO && seen_order == 42 && seen_state == 8 + 5 + 3 + 15);
  HEAR(V_QR);
  check("QR", seen_type == COINSLOT_QR && seen_order == 42 && url_bytes == 35);
  HEAR(V_STATUS);
  check("STATUS", seen_type == COINSLOT_STATUS && seen_order == 42 && seen_amount == 250 && seen_state == 3);
  check("ACK of STATUS", sent_bytes == 17 && sent[7] == 202 && sent[8] == COINSLOT_STATUS);
  HEAR(V_STATUS_repeated);
  check("deliver", deliveries == 1 && seen_order == 42 && seen_amount == 250 && sent_bytes == 0);
  HEAR(V_STATUS_repeated);
  check("deliver once", deliveries == 1);
  HEAR(V_STATUS_refused);
  check("refused", seen_order == 43 && seen_state == COINSLOT_STATE_REFUSED && seen_reason == COINSLOT_REASON_CHANNEL_OFF);
  HEAR(V_TIME);
  check("TIME", seen_type == COINSLOT_TIME && seen_amount == 0xB9);
  HEAR(V_DTU_OPENED);
  check("DTU_OPENED", seen_type == COINSLOT_DTU_IS_OPEN && seen_amount == 512);
  HEAR(V_DTU_GRANTED);
  check("DTU_GRANTED", seen_type == COINSLOT_DTU_CAN_SEND && seen_amount == 768);
  HEAR(V_DTU_CLOSED);
  check("DTU_CLOSED", seen_type == COINSLOT_DTU_IS_CLOSED);
}

static void test_answers(void) {
  restart(4);
  check("cancel", coinslot_cancel(&module, 42) == COINSLOT_OK);
  HEAR(V_ACK);
  check("another's ACK", seen_type == 0);
  restart(0);
  HEAR(V_ACK);
  check("ACK for nothing", seen_type == 0);
  restart(1);
  check("query", coinslot_query(&module, 0, "41.1") == COINSLOT_OK);
  now_ms = (uint16_t)(now_ms + 300);
  hear(V_ACK, 0);
  check("repeat", sent_bytes != 0);
  now_ms = (uint16_t)(now_ms + 900);
  hear(V_ACK, 0);
  now_ms = (uint16_t)(now_ms + 900);
  hear(V_ACK, 0);
  now_ms = (uint16_t)(now_ms + 900);
  hear(V_ACK, 0);
  check("no answer", seen_type == COINSLOT_QUERY && seen_result == COINSLOT_E_NO_ANSWER);
}

int main(void) {
  target_begin();
  test_requests();
  test_messages();
  test_answers();
  print("selftest ");
  print_number(checks);
  print(" ");
  print_number(failures);
  print("\n");
  target_end();
  return failures != 0;
}
