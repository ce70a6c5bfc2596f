/*
 * libFuzzer target: the input is a row of small steps (bytes on the line, sound frames, time, requests) against one module.
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -I.. fuzz.c ../coinslot.c -o fuzz && ./fuzz -max_len=4096
 * Whatever comes: no access outside, every sent frame sound, every text ended, no order delivered twice, unless the module
 * itself took the order back to before DISPENSING, which docs/host-protocol.md rules out.
 */
#include "../coinslot.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_BYTES = 1200, WATCHED = 64 };

typedef struct {
  coinslot *module; /* on the heap, so that a byte beside it is found */
  uint16_t now_ms;
  uint8_t queue[QUEUE_BYTES];
  size_t first;
  size_t last;
  uint8_t delivered[WATCHED];
} world;

static void check(int is_right) {
  if (!is_right) abort();
}

/* Written apart from the library: bit by bit, the other way round in form. */
static uint32_t checksum(const uint8_t *bytes, size_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  size_t bit;
  for (bit = 0; bit < count * 8; bit++) {
    uint32_t is_odd = (crc ^ (uint32_t)(bytes[bit / 8] >> (bit % 8))) & 1u;
    crc = (crc >> 1) ^ (0xEDB88320u & (0u - is_odd));
  }
  return ~crc;
}

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) {
  uint32_t crc;
  (void)context;
  check(count >= 11 && count <= COINSLOT_TX_PAYLOAD + 11);
  check(bytes[0] == 0xA5 && bytes[1] == 0x5A && bytes[2] >> 4 == 1);
  check(bytes[5] + 256 * bytes[6] == count - 11);
  crc = checksum(bytes + 2, (size_t)count - 6);
  check(bytes[count - 4] == (crc & 255u) && bytes[count - 1] == crc >> 24);
  return count;
}

static int do_receive(void *context) {
  world *self = context;
  return self->first == self->last ? -1 : self->queue[self->first++];
}

static uint16_t do_millis(void *context) { return ((world *)context)->now_ms; }

static void check_text(const char *text) { check(text && strlen(text) <= COINSLOT_RX_PAYLOAD); }

static void on_answer(void *context, const coinslot_answer *answer) {
  (void)context;
  check(answer->type < 0x20 && answer->type != COINSLOT_HELLO);
  check(answer->result == COINSLOT_OK || answer->result == COINSLOT_E_REFUSED || answer->result == COINSLOT_E_NO_ANSWER);
  check((answer->result == COINSLOT_E_REFUSED) == (answer->reason != 0));
}

static void on_info(void *context, const coinslot_info *info) {
  (void)context;
  check_text(info->device_id);
  check_text(info->firmware);
  check_text(info->board);
  check_text(info->imei);
}

static void on_qr(void *context, const coinslot_qr *qr) {
  (void)context;
  check_text(qr->reference);
  check_text(qr->url);
}

static void on_status(void *context, const coinslot_status *status) {
  world *self = context;
  check_text(status->reference);
  if (status->state < COINSLOT_STATE_DISPENSING && status->order < WATCHED) self->delivered[status->order] = 0;
}

static void on_deliver(void *context, uint32_t order, uint32_t amount_fen) {
  world *self = context;
  (void)amount_fen;
  if (order < WATCHED) check(!self->delivered[order]++);
  if (order % 3 == 0) coinslot_dispensed(self->module, order);
}

static void on_message(void *context, uint8_t type, const uint8_t *payload, uint16_t count) {
  world *self = context;
  check(type >= COINSLOT_SETTINGS && type <= COINSLOT_LOG && count <= COINSLOT_RX_PAYLOAD && payload[count] == 0);
  check(coinslot_poll(self->module) == COINSLOT_E_BUSY);
}

static void on_dtu(void *context, const coinslot_dtu_event *event) {
  world *self = context;
  if (event->kind == COINSLOT_DTU_HAS_DATA) {
    check(checksum(event->bytes, event->count) != 1);
    coinslot_dtu_credit(self->module, event->count);
  }
}

static const coinslot_config config = {do_send,   do_receive, do_millis,  on_answer, on_info, on_qr,
                                       on_status, on_deliver, on_message, on_dtu,    "fuzz"};

static void put(world *self, const uint8_t *bytes, size_t count) {
  if (count > QUEUE_BYTES - self->last) return;
  memcpy(self->queue + self->last, bytes, count);
  self->last += count;
}

/* A sound frame around these bytes: what noise alone would hardly ever make. */
static void put_frame(world *self, uint8_t flags, uint8_t seq, uint8_t type, const uint8_t *payload, uint8_t count) {
  uint8_t frame[11 + 255];
  uint32_t crc;
  uint8_t index;
  frame[0] = 0xA5;
  frame[1] = 0x5A;
  frame[2] = (uint8_t)(0x10 | (flags & 1));
  frame[3] = seq;
  frame[4] = type;
  frame[5] = count;
  frame[6] = 0;
  memcpy(frame + 7, payload, count);
  crc = checksum(frame + 2, (size_t)count + 5);
  for (index = 0; index < 4; index++) frame[7 + count + index] = (uint8_t)(crc >> (8 * index));
  put(self, frame, (size_t)count + 11);
}

/* STATUS of a small order number: noise alone would never hit the same order twice. */
static void put_status(world *self, uint8_t order, uint8_t state, uint8_t seq) {
  uint8_t payload[14] = {0};
  payload[0] = order & 7;
  payload[4] = state & 15;
  put_frame(self, state >> 4, seq, COINSLOT_STATUS, payload, sizeof payload);
}

static void ask(world *self, uint8_t what, uint8_t value) {
  static const uint8_t some[] = "some bytes for the stream";
  static const char *const references[] = {"a", "41.1", "", "with blank", "0123456789abcdef0123456789abcdef"};
  coinslot *module = self->module;
  coinslot_payment payment;
  uint16_t taken;
  char text[COINSLOT_REFERENCE_ROOM];
  payment.amount_fen = value;
  payment.channel = (uint8_t)(value & 3);
  payment.ttl_s = (uint16_t)(value * 3);
  payment.reference = references[value % 5];
  payment.goods = value & 64 ? "goods" : 0;
  if (what == 0) coinslot_pay(module, &payment);
  if (what == 1) coinslot_query(module, value, value ? 0 : "a");
  if (what == 2) coinslot_cancel(module, value);
  if (what == 3) coinslot_dispensed(module, value);
  if (what == 4) coinslot_failed(module, value);
  if (what == 5) coinslot_refund(module, value, "text");
  if (what == 6) coinslot_relay(module, value, value, 100, 100);
  if (what == 7) coinslot_set_settings(module, "{\"mode\":0}");
  if (what == 8) coinslot_get(module, (coinslot_type)value);
  if (what == 9) coinslot_get_log(module, value, value);
  if (what == 10) coinslot_dtu_open(module, value & 3, value & 4, value & 8 ? "example.com" : 0);
  if (what == 11) coinslot_dtu_write(module, some, value % sizeof some, &taken);
  if (what == 12) coinslot_dtu_credit(module, value);
  if (what == 13) coinslot_dtu_close(module);
  if (what == 14) coinslot_reference(module, text, sizeof text);
  if (what == 15) check(coinslot_start(module, &config, self) == COINSLOT_OK);
}

static void poll(world *self) {
  coinslot_poll(self->module);
  if (self->first == self->last) self->first = self->last = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static world self;
  memset(&self, 0, sizeof self);
  self.module = malloc(sizeof *self.module);
  check(self.module != 0);
  check(coinslot_start(self.module, &config, &self) == COINSLOT_OK);
  while (size >= 6) {
    uint8_t step = data[0];
    uint8_t count = data[1];
    size -= 2;
    data += 2;
    if (step < 64) {
      ask(&self, step & 15, count);
      if (step == 15) memset(self.delivered, 0, sizeof self.delivered);
      continue;
    }
    if (step < 128) {
      self.now_ms = (uint16_t)(self.now_ms + count * (step & 15));
      poll(&self);
      continue;
    }
    if (step >= 224) {
      put_status(&self, count, data[0], data[1]);
      count = 2;
    } else if (step < 160) {
      if (count > size) count = (uint8_t)size;
      put(&self, data, count);
    } else {
      if (count > size - 3) count = (uint8_t)(size - 3);
      put_frame(&self, data[0], data[1], step < 200 ? (uint8_t)(0x41 + (step & 31)) : data[2], data + 3, count);
      size -= 3;
      data += 3;
    }
    size -= count;
    data += count;
    poll(&self);
  }
  free(self.module);
  return 0;
}
