/*
 * The C library as a process that does one step at a time: a line in, what happened out, a line with a dot at the end.
 * Time, received bytes and requests come in; sent bytes and callbacks go out. Tests and the noise campaign drive it in
 * virtual time. Usage: lockstep <pipe to read> <pipe to write>.
 * Leaves every decision to whoever writes the lines. Invariant: nothing happens between two lines.
 */
#include "../coinslot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 8192, QUEUE_BYTES = 4096, MAX_WORDS = 8 };

typedef struct {
  FILE *in;
  FILE *out;
  coinslot module;
  uint16_t now_ms;
  uint8_t queue[QUEUE_BYTES];
  size_t first;
  size_t last;
} bench;

static void print_hex(FILE *out, const uint8_t *bytes, size_t count) {
  while (count--) fprintf(out, "%02x", *bytes++);
}

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) {
  bench *self = context;
  fprintf(self->out, "tx ");
  print_hex(self->out, bytes, count);
  fprintf(self->out, "\n");
  return count;
}

static int do_receive(void *context) {
  bench *self = context;
  return self->first == self->last ? -1 : self->queue[self->first++];
}

static uint16_t do_millis(void *context) { return ((bench *)context)->now_ms; }

static void on_answer(void *context, const coinslot_answer *answer) {
  fprintf(((bench *)context)->out, "answer %u %d %u %lu\n", answer->type, (int)answer->result, answer->reason,
          (unsigned long)answer->order);
}

static void on_info(void *context, const coinslot_info *info) {
  fprintf(((bench *)context)->out, "info %lu %u %u %u %u %s|%s|%s|%s\n", (unsigned long)info->last_order, info->reset, info->link,
          info->open_orders, info->is_restart, info->device_id, info->firmware, info->board, info->imei);
}

static void on_qr(void *context, const coinslot_qr *qr) {
  fprintf(((bench *)context)->out, "qr %lu %u %u %s %s\n", (unsigned long)qr->order, qr->channel, qr->left_s, qr->reference, qr->url);
}

static void on_status(void *context, const coinslot_status *status) {
  fprintf(((bench *)context)->out, "status %lu %u %u %lu %u %u %u %u %s\n", (unsigned long)status->order, status->state, status->reason,
          (unsigned long)status->amount_fen, status->channel, status->left_s, status->is_change, status->is_earlier, status->reference);
}

static void on_deliver(void *context, uint32_t order, uint32_t amount_fen) {
  fprintf(((bench *)context)->out, "deliver %lu %lu\n", (unsigned long)order, (unsigned long)amount_fen);
}

static void on_message(void *context, uint8_t type, const uint8_t *payload, uint16_t count) {
  bench *self = context;
  fprintf(self->out, "message %u ", type);
  print_hex(self->out, payload, count);
  fprintf(self->out, "\n");
}

static void on_dtu(void *context, const coinslot_dtu_event *event) {
  bench *self = context;
  fprintf(self->out, "dtu %u %u %u ", event->kind, event->credit, event->reason);
  print_hex(self->out, event->bytes, event->count);
  fprintf(self->out, "\n");
}

static const coinslot_config config = {do_send,    do_receive, do_millis,  on_answer, on_info, on_qr,
                                       on_status,  on_deliver, on_message, on_dtu,    "lockstep 1"};

/* A machine whose module has a relay mode of its own delivers nothing itself. */
static const coinslot_config relay_config = {do_send,   do_receive, do_millis,  on_answer, on_info, on_qr,
                                             on_status, 0,          on_message, on_dtu,    "lockstep 1"};

static size_t from_hex(const char *hex, uint8_t *bytes, size_t room) {
  size_t count = strlen(hex) / 2;
  size_t index;
  if (count > room) exit(3);
  for (index = 0; index < count; index++) {
    unsigned value;
    if (sscanf(hex + 2 * index, "%2x", &value) != 1) exit(3);
    bytes[index] = (uint8_t)value;
  }
  return count;
}

/* `poll <ms> [<hex>]`: the time is so much, these bytes have come, poll. */
static void step(bench *self, const char *hex) {
  self->last -= self->first;
  memmove(self->queue, self->queue + self->first, self->last);
  self->first = 0;
  self->last += from_hex(hex, self->queue + self->last, QUEUE_BYTES - self->last);
  coinslot_poll(&self->module);
}

static uint32_t number(const char *word) { return (uint32_t)strtoul(word, 0, 10); }

/* A text in hex, "-" for none (null). */
static const char *text(const char *word, char *room) {
  if (strcmp(word, "-") == 0) return 0;
  room[from_hex(word, (uint8_t *)room, 600)] = 0;
  return room;
}

static int request(bench *self, char **words) {
  coinslot *module = &self->module;
  static char first[601];
  static char second[601];
  const char *name = words[0];
  if (strcmp(name, "pay") == 0) {
    coinslot_payment payment;
    payment.amount_fen = number(words[1]);
    payment.channel = (uint8_t)number(words[2]);
    payment.ttl_s = (uint16_t)number(words[3]);
    payment.reference = text(words[4], first);
    payment.goods = text(words[5], second);
    return coinslot_pay(module, &payment);
  }
  if (strcmp(name, "query") == 0) return coinslot_query(module, number(words[1]), text(words[2], first));
  if (strcmp(name, "cancel") == 0) return coinslot_cancel(module, number(words[1]));
  if (strcmp(name, "dispensed") == 0) return coinslot_dispensed(module, number(words[1]));
  if (strcmp(name, "failed") == 0) return coinslot_failed(module, number(words[1]));
  if (strcmp(name, "refund") == 0) return coinslot_refund(module, number(words[1]), text(words[2], first));
  if (strcmp(name, "relay") == 0) {
    return coinslot_relay(module, (uint8_t)number(words[1]), (uint8_t)number(words[2]), (uint16_t)number(words[3]),
                          (uint16_t)number(words[4]));
  }
  if (strcmp(name, "set") == 0) return coinslot_set_settings(module, text(words[1], first));
  if (strcmp(name, "get") == 0) return coinslot_get(module, (coinslot_type)number(words[1]));
  if (strcmp(name, "log") == 0) return coinslot_get_log(module, number(words[1]), (uint8_t)number(words[2]));
  if (strcmp(name, "open") == 0) {
    return coinslot_dtu_open(module, (uint8_t)number(words[1]), (uint16_t)number(words[2]), text(words[3], first));
  }
  if (strcmp(name, "write") == 0) {
    uint8_t bytes[600];
    uint16_t taken = 0;
    size_t count = from_hex(words[1], bytes, sizeof bytes);
    int error = coinslot_dtu_write(module, bytes, (uint16_t)count, &taken);
    fprintf(self->out, "taken %u\n", taken);
    return error;
  }
  if (strcmp(name, "credit") == 0) return coinslot_dtu_credit(module, (uint16_t)number(words[1]));
  if (strcmp(name, "close") == 0) return coinslot_dtu_close(module);
  if (strcmp(name, "reference") == 0) {
    int error = coinslot_reference(module, first, COINSLOT_REFERENCE_ROOM);
    fprintf(self->out, "reference %s\n", first);
    return error;
  }
  if (strcmp(name, "state") == 0) {
    fprintf(self->out, "state %u %u %u %u\n", coinslot_is_alive(module), coinslot_is_busy(module), module->broken_frames,
            module->oversize_frames);
    return 0;
  }
  exit(4);
}

int main(int argc, char **argv) {
  static bench self;
  static char line[LINE_BYTES + 2];
  if (argc != 3) return 2;
  self.in = fopen(argv[1], "r");
  self.out = fopen(argv[2], "w");
  if (!self.in || !self.out) return 2;
  while (fgets(line, sizeof line, self.in)) {
    char *words[MAX_WORDS];
    int count = 0;
    char *word = strtok(line, " \n");
    while (word && count < MAX_WORDS) {
      words[count++] = word;
      word = strtok(0, " \n");
    }
    while (count < MAX_WORDS) words[count++] = (char *)"";
    if (strcmp(words[0], "start") == 0) {
      self.now_ms = (uint16_t)number(words[1]);
      fprintf(self.out, "= %d\n", (int)coinslot_start(&self.module, words[2][0] == 'r' ? &relay_config : &config, &self));
    } else if (strcmp(words[0], "poll") == 0) {
      self.now_ms = (uint16_t)number(words[1]);
      step(&self, words[2]);
    } else {
      fprintf(self.out, "= %d\n", request(&self, words));
    }
    fprintf(self.out, ".\n");
    fflush(self.out);
  }
  return 0;
}
