/*
 * Coinslot, the host's side of docs/host-protocol.md; what it does stands in coinslot.h. In this order: checksum, building
 * frames, sending and answers, orders, taking messages, the reader, the poll, requests.
 * Rules: docs/host-protocol.md, sections 3 to 6 and 12. From the C library: memcpy, memmove, memcmp, memset, strlen.
 * Invariant: rx and tx never hold more than their size; a frame is dealt with only when its checksum is right.
 */
#include "coinslot.h"

#include <string.h>

#if defined(__SDCC_mcs51)
/* Half the temporaries in the 128 bytes of internal RAM (about 50 instead of 113), for 1 kB more code. */
#pragma nogcse
#pragma noinvariant
#pragma noinduction
#endif

#if COINSLOT_RX_PAYLOAD < 64 || COINSLOT_RX_PAYLOAD > 512 || COINSLOT_TX_PAYLOAD < 16 || COINSLOT_TX_PAYLOAD > 512
#error "COINSLOT_RX_PAYLOAD is 64 to 512, COINSLOT_TX_PAYLOAD 16 to 512"
#endif
#if COINSLOT_ORDERS < 1 || COINSLOT_ORDERS > 32
#error "COINSLOT_ORDERS is 1 to 32"
#endif

enum { HEADER_BYTES = 7, CRC_BYTES = 4, ANSWER_BYTES = 6, MAX_REFERENCE = 32, MAX_GOODS = 48, MAX_TEXT = 40, MAX_NAME = 32 };
enum { MAX_SENDS = 4 };
/* Times are 16 bits wide: what is longer than a minute between two polls counts as short, and only delays. */
#define ANSWER_MS 300u
#define GAP_MS 200u
#define HELLO_MS 1000u
#define SILENCE_MS 30000u
#define DEAD_MS 35000u
/* Bytes taken in one poll, so that noise without end does not hold the caller. */
#define POLL_BYTES 600u

/* Bits of module->flags. */
enum { WAITING = 1, WANTS_INFO = 2, ALIVE = 4, HAS_BASE = 8, HAS_TAKEN = 16, IN_POLL = 32, DTU_OPEN = 64, PAUSED = 128 };

/* What is known of an order. SEEN: not yet dispensing in this life of the host. */
enum { FREE = 0, SETTLED = 1, SEEN = 2, DELIVERING = 3, REPORT_DISPENSED = 4, REPORT_FAILED = 5 };

/* A byte of the library's memory. */
typedef COINSLOT_MEMORY uint8_t byte;

static uint8_t is_set(const coinslot *module, uint8_t flag) { return (uint8_t)((module->flags & flag) != 0); }

static void set(coinslot *module, uint8_t flag) { module->flags = (uint8_t)(module->flags | flag); }

static void clear(coinslot *module, uint8_t flag) { module->flags = (uint8_t)(module->flags & (uint8_t)~flag); }

/* ---- Checksum: CRC-32 of IEEE 802.3, without its first and last inversion ---- */

#define CRC_START 0xFFFFFFFFu
/* What is left when a message and its CRC have gone through. */
#define CRC_RESIDUE 0xDEBB20E3u

#if COINSLOT_CRC_BITS == 1

static uint32_t crc32_add(uint32_t crc, const byte *bytes, uint16_t count) {
  while (count--) {
    uint8_t bit;
    crc ^= *bytes++;
    for (bit = 0; bit < 8; bit++) crc = (crc & 1u) ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
  }
  return crc;
}

#else

/* Tables are in program memory where that is another one. */
#if defined(__AVR__)
#include <avr/pgmspace.h>
#define TABLE static const uint32_t crc_table[] PROGMEM
#define TABLE_READ(index) pgm_read_dword(&crc_table[index])
#elif defined(__SDCC_mcs51)
#define TABLE static const __code uint32_t crc_table[]
#define TABLE_READ(index) crc_table[index]
#else
#define TABLE static const uint32_t crc_table[]
#define TABLE_READ(index) crc_table[index]
#endif

/* The entry for the value n is the sum (exclusive or) of the entries for its bits. */
#define ENTRY_LOW(n) (((n)&1 ? 0x77073096u : 0u) ^ ((n)&2 ? 0xEE0E612Cu : 0u) ^ ((n)&4 ? 0x076DC419u : 0u) ^ ((n)&8 ? 0x0EDB8832u : 0u))
#define ENTRY_HIGH(n) (((n)&1 ? 0x1DB71064u : 0u) ^ ((n)&2 ? 0x3B6E20C8u : 0u) ^ ((n)&4 ? 0x76DC4190u : 0u) ^ ((n)&8 ? 0xEDB88320u : 0u))
#define FOUR(entry, n, more) entry(n) ^ (more), entry((n) + 1) ^ (more), entry((n) + 2) ^ (more), entry((n) + 3) ^ (more)
#define SIXTEEN(entry, more) FOUR(entry, 0, more), FOUR(entry, 4, more), FOUR(entry, 8, more), FOUR(entry, 12, more)

#if COINSLOT_CRC_BITS == 4

TABLE = {SIXTEEN(ENTRY_HIGH, 0u)};

static uint32_t crc32_add(uint32_t crc, const byte *bytes, uint16_t count) {
  while (count--) {
    crc ^= *bytes++;
    crc = (crc >> 4) ^ TABLE_READ(crc & 15u);
    crc = (crc >> 4) ^ TABLE_READ(crc & 15u);
  }
  return crc;
}

#elif COINSLOT_CRC_BITS == 8

#define ROW(n) SIXTEEN(ENTRY_LOW, ENTRY_HIGH(n))
TABLE = {ROW(0), ROW(1), ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),
         ROW(8), ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15)};

static uint32_t crc32_add(uint32_t crc, const byte *bytes, uint16_t count) {
  while (count--) crc = (crc >> 8) ^ TABLE_READ((uint8_t)crc ^ *bytes++);
  return crc;
}

#else
#error "COINSLOT_CRC_BITS is 1, 4 or 8"
#endif
#endif

/* ---- Building frames ---- */

static byte *put16(byte *at, uint16_t value) {
  *at++ = (uint8_t)(value & 255u);
  *at++ = (uint8_t)(value >> 8);
  return at;
}

static byte *put32(byte *at, uint32_t value) {
  return put16(put16(at, (uint16_t)(value & 0xFFFFu)), (uint16_t)(value >> 16));
}

static byte *put_bytes(byte *at, const void *bytes, uint16_t count) {
  memcpy(at, bytes, count);
  return at + count;
}

/* One length byte and the text. */
static byte *put_text(byte *at, const char *text, uint8_t count) {
  *at++ = count;
  return count ? put_bytes(at, text, count) : at;
}

static uint16_t get16(const byte *at) { return (uint16_t)(at[0] | ((uint16_t)at[1] << 8)); }

static uint32_t get32(const byte *at) { return get16(at) | ((uint32_t)get16(at + 2) << 16); }

/* Puts header and checksum around the payload that ends at `end`; gives the length of the frame. */
static uint16_t wrap(byte *frame, uint8_t flags, uint8_t seq, uint8_t type, const byte *end) {
  uint16_t payload_bytes = (uint16_t)(end - frame - HEADER_BYTES);
  uint16_t covered_bytes = (uint16_t)(payload_bytes + HEADER_BYTES - 2);
  frame[0] = 0xA5;
  frame[1] = 0x5A;
  frame[2] = (uint8_t)((COINSLOT_PROTOCOL_VERSION << 4) | flags);
  frame[3] = seq;
  frame[4] = type;
  put16(frame + 5, payload_bytes);
  put32(frame + HEADER_BYTES + payload_bytes, ~crc32_add(CRC_START, frame + 2, covered_bytes));
  return (uint16_t)(payload_bytes + HEADER_BYTES + CRC_BYTES);
}

/* Length of a text that may be null; more than 255 is 255, which no field allows. */
static uint8_t text_bytes(const char *text) {
  size_t count = text ? strlen(text) : 0;
  return count > 255u ? 255u : (uint8_t)count;
}

/* ---- Sending, and what comes back ---- */

static uint16_t now(coinslot *module) { return module->config->millis(module->context); }

/* Milliseconds since `then_ms`. */
static uint16_t since(coinslot *module, uint16_t then_ms) { return (uint16_t)(now(module) - then_ms); }

static void transmit(coinslot *module) {
  module->config->send(module->context, module->tx, module->tx_count);
  module->sends++;
  module->sent_ms = now(module);
}

static byte *payload(coinslot *module) { return module->tx + HEADER_BYTES; }

static coinslot_error send_request(coinslot *module, coinslot_type type, const byte *end) {
  module->tx_count = wrap(module->tx, 1, module->seq++, (uint8_t)type, end);
  module->sends = 0;
  set(module, WAITING);
  transmit(module);
  return COINSLOT_OK;
}

/* ACK (reason 0) or NAK of a frame of the module. */
static void answer(coinslot *module, uint8_t seq, uint8_t type, uint8_t reason) {
  uint8_t frame[HEADER_BYTES + ANSWER_BYTES + CRC_BYTES];
  byte *at = frame + HEADER_BYTES;
  *at++ = seq;
  *at++ = type;
  if (reason) {
    *at++ = reason;
  } else {
    at = put32(at, 0);
  }
  module->config->send(module->context, frame, wrap(frame, 0, seq, reason ? COINSLOT_NAK : COINSLOT_ACK, at));
}

/* ---- Orders: seen, being delivered, to be reported ---- */

/* Index of an order, or COINSLOT_ORDERS. */
static uint8_t find_order(const coinslot *module, uint32_t order) {
  uint8_t index = 0;
  while (index < COINSLOT_ORDERS && (module->order_flags[index] == FREE || module->orders[index] != order)) index++;
  return index;
}

/* A place for one more: a free one, else the oldest that is settled, else the oldest that was only seen; COINSLOT_ORDERS
 * when all are being delivered or reported. */
static uint8_t find_place(const coinslot *module) {
  uint8_t best = COINSLOT_ORDERS;
  uint8_t best_flag = DELIVERING;
  uint8_t index;
  for (index = 0; index < COINSLOT_ORDERS; index++) {
    uint8_t flag = module->order_flags[index];
    if (flag > best_flag || flag == DELIVERING) continue;
    if (flag < best_flag || module->orders[index] < module->orders[best]) {
      best = index;
      best_flag = flag;
    }
  }
  return best;
}

/* Notes an order, unless it is known; gives its index, or COINSLOT_ORDERS when there is no place. */
static uint8_t note_order(coinslot *module, uint32_t order) {
  uint8_t index = find_order(module, order);
  if (index < COINSLOT_ORDERS) return index;
  index = find_place(module);
  if (index < COINSLOT_ORDERS) {
    module->orders[index] = order;
    module->order_flags[index] = SEEN;
  }
  return index;
}

/* Index of an order with this flag, or COINSLOT_ORDERS. */
static uint8_t find_flag(const coinslot *module, uint8_t flag) {
  uint8_t index = 0;
  while (index < COINSLOT_ORDERS && module->order_flags[index] < flag) index++;
  return index;
}

static coinslot_error report(coinslot *module, uint32_t order, uint8_t flag) {
  uint8_t index;
  if (!module || !module->config || !order) return COINSLOT_E_ARGUMENT;
  index = note_order(module, order);
  if (index == COINSLOT_ORDERS) return COINSLOT_E_FULL;
  module->order_flags[index] = flag;
  return COINSLOT_OK;
}

/* Sends the next report that waits; gives 0 when none does. */
static uint8_t send_report(coinslot *module) {
  uint8_t index = find_flag(module, REPORT_DISPENSED);
  byte *at = payload(module);
  if (index == COINSLOT_ORDERS) return 0;
  at = put32(at, module->orders[index]);
  if (module->order_flags[index] == REPORT_DISPENSED) {
    send_request(module, COINSLOT_DISPENSED, at);
  } else {
    send_request(module, COINSLOT_FAILED, put_text(at, 0, 0));
  }
  return 1;
}

/* What becomes of a report after its answer; gives 1 when it has to be sent again. */
static uint8_t report_stays(coinslot *module, const coinslot_answer *result) {
  uint8_t index = find_order(module, result->order);
  uint8_t is_late = (uint8_t)(result->reason == COINSLOT_REASON_BUSY || result->reason == COINSLOT_REASON_STORAGE);
  if (result->result == COINSLOT_E_NO_ANSWER || is_late) {
    set(module, PAUSED);
    module->idle_ms = module->sent_ms;
    return 1;
  }
  if (index < COINSLOT_ORDERS) module->order_flags[index] = SETTLED;
  return 0;
}

/* The request under way has ended. */
static void finish(coinslot *module, coinslot_error result, uint8_t reason, uint32_t order) {
  coinslot_answer done;
  done.type = module->tx[4];
  done.result = result;
  done.reason = reason;
  done.order = order;
  clear(module, WAITING);
  if (done.type == COINSLOT_HELLO) return;
  if (result == COINSLOT_E_NO_ANSWER) set(module, WANTS_INFO);
  if (done.type == COINSLOT_PAY && result == COINSLOT_OK) note_order(module, order);
  if (done.type == COINSLOT_DISPENSED || done.type == COINSLOT_FAILED) {
    done.order = get32(payload(module));
    if (report_stays(module, &done)) return;
  }
  if (module->config->on_answer) module->config->on_answer(module->context, &done);
}

/* ---- Taking messages ---- */

/* Makes `*at`, a length byte and a text, a text with a zero behind it, and moves `*at` behind it. `*at` becomes null when the
 * text is too long, and stays null. */
static const char *take_text(byte **at, const byte *end) {
  byte *text = *at;
  uint8_t count;
  if (!text || text >= end || *text >= end - text) {
    *at = 0;
    return 0;
  }
  count = *text;
  memmove(text, text + 1, count);
  text[count] = 0;
  *at = text + count + 1;
  return (const char *)text;
}

static uint8_t take_info(coinslot *module, byte *at, const byte *end) {
  coinslot_info info;
  if (end - at < 8) return COINSLOT_REASON_BAD_PAYLOAD;
  info.version = at[0];
  info.reset = at[1];
  info.link = at[2];
  info.open_orders = at[3];
  info.last_order = get32(at + 4);
  at += 8;
  info.device_id = take_text(&at, end);
  info.firmware = take_text(&at, end);
  info.board = take_text(&at, end);
  info.imei = take_text(&at, end);
  if (at != end) return COINSLOT_REASON_BAD_PAYLOAD;
  info.is_restart = (uint8_t)!is_set(module, WANTS_INFO);
  clear(module, WANTS_INFO);
  if (!is_set(module, HAS_BASE)) {
    module->base_order = info.last_order;
    set(module, HAS_BASE);
  }
  if (module->config->on_info) module->config->on_info(module->context, &info);
#if COINSLOT_DTU
  if (info.is_restart && is_set(module, DTU_OPEN)) {
    coinslot_dtu_event event;
    memset(&event, 0, sizeof event);
    event.kind = COINSLOT_DTU_IS_CLOSED;
    event.reason = COINSLOT_REASON_NO_STREAM;
    clear(module, DTU_OPEN);
    if (module->config->on_dtu) module->config->on_dtu(module->context, &event);
  }
#endif
  return 0;
}

static uint8_t take_qr(coinslot *module, byte *at, const byte *end) {
  coinslot_qr qr;
  if (end - at < 8) return COINSLOT_REASON_BAD_PAYLOAD;
  qr.order = get32(at);
  qr.channel = at[4];
  qr.left_s = get16(at + 5);
  at += 7;
  qr.reference = take_text(&at, end);
  if (!at || at == end) return COINSLOT_REASON_BAD_PAYLOAD;
  qr.url = (const char *)at;
  note_order(module, qr.order);
  if (module->config->on_qr) module->config->on_qr(module->context, &qr);
  return 0;
}

/* Notes what a STATUS says; gives 1 when this order is to be delivered now. */
static uint8_t follow(coinslot *module, coinslot_status *status) {
  uint8_t is_before = (uint8_t)(status->state <= COINSLOT_STATE_PAID);
  uint8_t index = is_before ? note_order(module, status->order) : find_order(module, status->order);
  if (index == COINSLOT_ORDERS) {
    status->is_earlier = (uint8_t)(status->state == COINSLOT_STATE_DISPENSING);
    return 0;
  }
  if (module->order_flags[index] != SEEN) return 0;
  if (status->state >= COINSLOT_STATE_DISPENSED) module->order_flags[index] = SETTLED;
  if (status->state != COINSLOT_STATE_DISPENSING || !module->config->on_deliver) return 0;
  module->order_flags[index] = DELIVERING;
  return 1;
}

static uint8_t take_status(coinslot *module, byte *at, const byte *end, uint8_t is_change) {
  coinslot_status status;
  uint8_t is_due;
  if (end - at < 14) return COINSLOT_REASON_BAD_PAYLOAD;
  status.order = get32(at);
  status.state = at[4];
  status.reason = at[5];
  status.amount_fen = get32(at + 6);
  status.channel = at[10];
  status.left_s = get16(at + 11);
  status.is_change = is_change;
  status.is_earlier = 0;
  at += 13;
  status.reference = take_text(&at, end);
  if (at != end) return COINSLOT_REASON_BAD_PAYLOAD;
  is_due = follow(module, &status);
  if (module->config->on_status) module->config->on_status(module->context, &status);
  if (is_due) module->config->on_deliver(module->context, status.order, status.amount_fen);
  return 0;
}

#if COINSLOT_DTU
static uint8_t take_dtu(coinslot *module, uint8_t type, const byte *at, uint16_t count) {
  coinslot_dtu_event event;
  memset(&event, 0, sizeof event);
  if (type == COINSLOT_DTU_RECEIVED) {
    if (!is_set(module, DTU_OPEN)) return COINSLOT_REASON_NO_STREAM;
    if (count > module->dtu_window) return COINSLOT_REASON_NO_CREDIT;
    module->dtu_window = (uint16_t)(module->dtu_window - count);
    event.kind = COINSLOT_DTU_HAS_DATA;
    event.bytes = at;
    event.count = count;
  } else if (type == COINSLOT_DTU_CLOSED) {
    if (count != 1) return COINSLOT_REASON_BAD_PAYLOAD;
    clear(module, DTU_OPEN);
    event.kind = COINSLOT_DTU_IS_CLOSED;
    event.reason = at[0];
  } else {
    uint8_t is_opened = (uint8_t)(type == COINSLOT_DTU_OPENED);
    if (count != 2u + is_opened) return COINSLOT_REASON_BAD_PAYLOAD;
    if (is_opened) {
      set(module, DTU_OPEN);
      module->dtu_credit = 0;
      module->dtu_window = 0;
    }
    module->dtu_credit = (uint16_t)(module->dtu_credit + get16(at + is_opened));
    event.kind = is_opened ? COINSLOT_DTU_IS_OPEN : COINSLOT_DTU_CAN_SEND;
  }
  event.credit = module->dtu_credit;
  if (module->config->on_dtu) module->config->on_dtu(module->context, &event);
  return 0;
}
#endif

/* ACK or NAK: ends the request under way if it is for that one. */
static void take_answer(coinslot *module, uint8_t type, const byte *at, uint16_t count) {
  if (!is_set(module, WAITING) || count < 3 || at[0] != module->tx[3] || at[1] != module->tx[4]) return;
  if (type == COINSLOT_ACK) {
    if (count == ANSWER_BYTES) finish(module, COINSLOT_OK, 0, get32(at + 2));
    return;
  }
  /* These are about bytes that got lost on the way: the time-out repeats. */
  if (at[2] <= COINSLOT_REASON_BAD_LENGTH || at[2] == COINSLOT_REASON_INCOMPLETE) return;
  finish(module, COINSLOT_E_REFUSED, at[2], 0);
}

/* Hands the payload to whom it concerns; gives the reason of a NAK, or 0. */
static uint8_t deal_out(coinslot *module, uint8_t type, uint8_t is_wanted, uint16_t payload_bytes) {
  byte *at = module->rx + HEADER_BYTES;
  const byte *end = at + payload_bytes;
  if (type == COINSLOT_STATUS) return take_status(module, at, end, is_wanted);
  if (type == COINSLOT_QR) return take_qr(module, at, end);
#if COINSLOT_DTU
  if (type >= COINSLOT_DTU_OPENED && type <= COINSLOT_DTU_CLOSED) return take_dtu(module, type, at, payload_bytes);
#endif
  if (type >= COINSLOT_SETTINGS && type <= COINSLOT_LOG) {
    if (module->config->on_message) module->config->on_message(module->context, type, at, payload_bytes);
    return 0;
  }
  return type == COINSLOT_INFO ? take_info(module, at, end) : (uint8_t)COINSLOT_REASON_BAD_TYPE;
}

/* A sound frame stands in rx. */
static void take_frame(coinslot *module, uint16_t payload_bytes) {
  byte *frame = module->rx;
  uint8_t is_wanted = (uint8_t)(frame[2] & 1u);
  uint8_t seq = frame[3];
  uint8_t type = frame[4];
  uint8_t taken[5];
  uint8_t reason;
  module->heard_ms = module->received_ms;
  set(module, ALIVE);
  if (type == COINSLOT_ACK || type == COINSLOT_NAK) {
    take_answer(module, type, frame + HEADER_BYTES, payload_bytes);
    return;
  }
  taken[0] = seq;
  memcpy(taken + 1, frame + HEADER_BYTES + payload_bytes, CRC_BYTES);
  if (is_wanted && is_set(module, HAS_TAKEN) && memcmp(taken, module->taken, sizeof taken) == 0) {
    answer(module, seq, type, 0);
    return;
  }
  /* The first byte of the checksum becomes the zero that ends texts. */
  frame[HEADER_BYTES + payload_bytes] = 0;
  reason = deal_out(module, type, is_wanted, payload_bytes);
  if (!is_wanted) return;
  if (!reason) {
    memcpy(module->taken, taken, sizeof taken);
    set(module, HAS_TAKEN);
  }
  answer(module, seq, type, reason);
}

/* ---- The reader ---- */

static void drop(coinslot *module, uint16_t count) {
  module->rx_count = (uint16_t)(module->rx_count - count);
  memmove(module->rx, module->rx + count, module->rx_count);
}

/* Gives up what begins here, and looks on right behind its sync. */
static void reject(coinslot *module) {
  module->broken_frames++;
  drop(module, 2);
}

/* Throws away what cannot be the beginning of a frame; gives 1 when a whole header stands first. */
static uint8_t align(coinslot *module) {
  uint16_t at = 0;
  while (at < module->rx_count) {
    if (module->rx[at] == 0xA5 && (at + 1u == module->rx_count || module->rx[at + 1u] == 0x5A)) break;
    at++;
  }
  drop(module, at);
  return (uint8_t)(module->rx_count >= HEADER_BYTES);
}

/* A frame that is too long: its header stays in rx, what follows only goes through the checksum. */
static void begin_skip(coinslot *module, uint16_t payload_bytes) {
  module->skip_crc = crc32_add(CRC_START, module->rx + 2, HEADER_BYTES - 2);
  module->skip_left = (uint16_t)(payload_bytes + CRC_BYTES);
}

/* Lets its bytes go by; gives 1 when there may be more. */
static uint8_t skip(coinslot *module) {
  byte *at = module->rx + HEADER_BYTES;
  uint16_t count = (uint16_t)(module->rx_count - HEADER_BYTES);
  if (count > module->skip_left) count = module->skip_left;
  module->skip_crc = crc32_add(module->skip_crc, at, count);
  module->skip_left = (uint16_t)(module->skip_left - count);
  module->rx_count = (uint16_t)(module->rx_count - count);
  memmove(at, at + count, (uint16_t)(module->rx_count - HEADER_BYTES));
  if (module->skip_left) return 0;
  if (module->skip_crc != CRC_RESIDUE) {
    reject(module);
    return 1;
  }
  module->oversize_frames++;
  if (module->rx[2] & 1u) answer(module, module->rx[3], module->rx[4], COINSLOT_REASON_BAD_LENGTH);
  drop(module, HEADER_BYTES);
  return 1;
}

/* Deals with what stands first in rx; gives 1 when there may be more. */
static uint8_t take_one(coinslot *module) {
  uint16_t payload_bytes;
  uint16_t frame_bytes;
  if (module->skip_left) return skip(module);
  if (!align(module)) return 0;
  payload_bytes = get16(module->rx + 5);
  if (payload_bytes > COINSLOT_MAX_PAYLOAD) {
    reject(module);
    return 1;
  }
  if (payload_bytes > COINSLOT_RX_PAYLOAD) {
    begin_skip(module, payload_bytes);
    return skip(module);
  }
  frame_bytes = (uint16_t)(HEADER_BYTES + payload_bytes + CRC_BYTES);
  if (module->rx_count < frame_bytes) return 0;
  if (crc32_add(CRC_START, module->rx + 2, (uint16_t)(frame_bytes - 2u)) != CRC_RESIDUE) {
    reject(module);
    return 1;
  }
  if (module->rx[2] >> 4 == COINSLOT_PROTOCOL_VERSION) {
    take_frame(module, payload_bytes);
  } else {
    module->broken_frames++;
  }
  drop(module, frame_bytes);
  return 1;
}

/* The rest of a frame did not come. */
static void give_up(coinslot *module) {
  module->skip_left = 0;
  if (module->rx_count > 1) {
    reject(module);
  } else {
    module->rx_count = 0;
  }
  while (take_one(module)) {
  }
}

/* ---- The poll ---- */

static void read_bytes(coinslot *module) {
  uint16_t count = 0;
  int next = module->config->receive(module->context);
  if (next >= 0) module->received_ms = now(module);
  while (next >= 0) {
    module->rx[module->rx_count++] = (uint8_t)next;
    while (take_one(module)) {
    }
    if (++count == POLL_BYTES) return;
    next = module->config->receive(module->context);
  }
  if (module->rx_count && since(module, module->received_ms) >= GAP_MS) give_up(module);
}

static void wait_for_answer(coinslot *module) {
  if (since(module, module->sent_ms) < ANSWER_MS) return;
  if (module->sends < MAX_SENDS && module->tx[4] != COINSLOT_HELLO) {
    transmit(module);
  } else {
    finish(module, COINSLOT_E_NO_ANSWER, 0, 0);
  }
}

/* Nothing is under way: a HELLO or a report may be due. */
static void use_idle_line(coinslot *module) {
  uint16_t idle_ms = since(module, module->idle_ms);
  uint8_t name_bytes = text_bytes(module->config->name);
  byte *at;
  if (idle_ms >= HELLO_MS) clear(module, PAUSED);
  if (!is_set(module, WANTS_INFO)) {
    if (!is_set(module, PAUSED) && send_report(module)) return;
    if (since(module, module->heard_ms) < SILENCE_MS) return;
    set(module, WANTS_INFO);
  }
  if (idle_ms < HELLO_MS) return;
  module->idle_ms = now(module);
  at = payload(module);
  *at++ = COINSLOT_PROTOCOL_VERSION;
  if (name_bytes > MAX_NAME || name_bytes + 2 > COINSLOT_TX_PAYLOAD) name_bytes = 0;
  send_request(module, COINSLOT_HELLO, put_text(at, module->config->name, name_bytes));
}

coinslot_error coinslot_start(coinslot *module, const coinslot_config *config, void *context) {
  if (!module || !config || !config->send || !config->receive || !config->millis) return COINSLOT_E_ARGUMENT;
  memset(module, 0, sizeof *module);
  module->config = config;
  module->context = context;
  module->heard_ms = now(module);
  module->idle_ms = (uint16_t)(module->heard_ms - HELLO_MS);
  set(module, WANTS_INFO);
  return COINSLOT_OK;
}

coinslot_error coinslot_poll(coinslot *module) {
  if (!module || !module->config) return COINSLOT_E_ARGUMENT;
  if (is_set(module, IN_POLL)) return COINSLOT_E_BUSY;
  set(module, IN_POLL);
  read_bytes(module);
  if (since(module, module->heard_ms) >= DEAD_MS) clear(module, ALIVE);
  if (is_set(module, WAITING)) wait_for_answer(module);
  if (!is_set(module, WAITING)) use_idle_line(module);
  clear(module, IN_POLL);
  return COINSLOT_OK;
}

uint8_t coinslot_is_alive(const coinslot *module) { return (uint8_t)(module && is_set(module, ALIVE)); }

/* HELLO does not count: it gives way to requests, and comes again by itself. */
uint8_t coinslot_is_busy(const coinslot *module) {
  return (uint8_t)(module && is_set(module, WAITING) && module->tx[4] != COINSLOT_HELLO);
}

/* ---- Requests ---- */

/* Refusals that all requests share; the place of the payload goes to `*at`. */
static coinslot_error prepare(coinslot *module, uint16_t payload_bytes, byte **at) {
  if (!module || !module->config) return COINSLOT_E_ARGUMENT;
  if (payload_bytes > COINSLOT_TX_PAYLOAD) return COINSLOT_E_TOO_LONG;
  if (coinslot_is_busy(module)) return COINSLOT_E_BUSY;
  *at = payload(module);
  return COINSLOT_OK;
}

/* Length of a reference; 0 when it is not 1 to 32 bytes of ! to ~. */
static uint8_t reference_length(const char *text) {
  uint8_t count = 0;
  if (!text) return 0;
  for (; text[count]; count++) {
    if (count == MAX_REFERENCE || text[count] < '!' || text[count] > '~') return 0;
  }
  return count;
}

coinslot_error coinslot_reference(coinslot *module, char *text, uint8_t room) {
  uint32_t value;
  uint8_t at;
  if (!module || !module->config || !text || room < COINSLOT_REFERENCE_ROOM) return COINSLOT_E_ARGUMENT;
  text[0] = 0;
  if (!is_set(module, HAS_BASE) || module->reference_count == 0xFFFFu) return COINSLOT_E_NO_ANSWER;
  value = module->base_order;
  /* In hex, because that needs no division: eight digits of the order, four of the count. */
  for (at = 0; at < 12; at++) {
    if (at == 8) value = (uint32_t)++module->reference_count << 16;
    text[at] = "0123456789abcdef"[value >> 28];
    value <<= 4;
  }
  text[12] = 0;
  return COINSLOT_OK;
}

coinslot_error coinslot_pay(coinslot *module, const coinslot_payment *payment) {
  byte *at;
  uint8_t reference_bytes;
  uint8_t goods_bytes;
  coinslot_error error;
  if (!payment || !payment->amount_fen) return COINSLOT_E_ARGUMENT;
  if (payment->channel != COINSLOT_WECHAT && payment->channel != COINSLOT_ALIPAY) return COINSLOT_E_ARGUMENT;
  if (payment->ttl_s && (payment->ttl_s < 30 || payment->ttl_s > 7200)) return COINSLOT_E_ARGUMENT;
  reference_bytes = reference_length(payment->reference);
  goods_bytes = text_bytes(payment->goods);
  if (!reference_bytes || goods_bytes > MAX_GOODS) return COINSLOT_E_ARGUMENT;
  error = prepare(module, (uint16_t)(9 + reference_bytes + goods_bytes), &at);
  if (error) return error;
  if (find_place(module) == COINSLOT_ORDERS) return COINSLOT_E_FULL;
  at = put32(at, payment->amount_fen);
  *at++ = payment->channel;
  at = put16(at, payment->ttl_s);
  at = put_text(at, payment->reference, reference_bytes);
  return send_request(module, COINSLOT_PAY, put_text(at, payment->goods, goods_bytes));
}

coinslot_error coinslot_query(coinslot *module, uint32_t order, const char *reference) {
  byte *at;
  uint8_t reference_bytes;
  coinslot_error error;
  reference_bytes = reference_length(reference);
  if (order ? reference != 0 : !reference_bytes) return COINSLOT_E_ARGUMENT;
  error = prepare(module, (uint16_t)(5 + reference_bytes), &at);
  if (error) return error;
  return send_request(module, COINSLOT_QUERY, put_text(put32(at, order), reference, reference_bytes));
}

coinslot_error coinslot_cancel(coinslot *module, uint32_t order) {
  byte *at;
  coinslot_error error = prepare(module, 4, &at);
  if (error) return error;
  if (!order) return COINSLOT_E_ARGUMENT;
  return send_request(module, COINSLOT_CANCEL, put32(at, order));
}

coinslot_error coinslot_dispensed(coinslot *module, uint32_t order) { return report(module, order, REPORT_DISPENSED); }

coinslot_error coinslot_failed(coinslot *module, uint32_t order) { return report(module, order, REPORT_FAILED); }

coinslot_error coinslot_refund(coinslot *module, uint32_t order, const char *text) {
  byte *at;
  uint8_t count = text_bytes(text);
  coinslot_error error;
  if (!order || count > MAX_TEXT) return COINSLOT_E_ARGUMENT;
  error = prepare(module, (uint16_t)(5 + count), &at);
  if (error) return error;
  return send_request(module, COINSLOT_REFUND, put_text(put32(at, order), text, count));
}

coinslot_error coinslot_relay(coinslot *module, uint8_t relay, uint8_t count, uint16_t on_ms, uint16_t off_ms) {
  byte *at;
  coinslot_error error;
  if (relay < 1 || relay > 2) return COINSLOT_E_ARGUMENT;
  if (count && (on_ms < 20 || on_ms > 60000u || off_ms < 20 || off_ms > 60000u)) return COINSLOT_E_ARGUMENT;
  error = prepare(module, 6, &at);
  if (error) return error;
  *at++ = relay;
  *at++ = count;
  return send_request(module, COINSLOT_RELAY, put16(put16(at, on_ms), off_ms));
}

coinslot_error coinslot_set_settings(coinslot *module, const char *json) {
  byte *at;
  uint8_t count = text_bytes(json);
  coinslot_error error;
  if (!count) return COINSLOT_E_ARGUMENT;
  if (count > 200) return COINSLOT_E_TOO_LONG;
  error = prepare(module, count, &at);
  if (error) return error;
  return send_request(module, COINSLOT_SET_SETTINGS, put_bytes(at, json, count));
}

coinslot_error coinslot_get(coinslot *module, coinslot_type type) {
  byte *at;
  coinslot_error error;
  if (type != COINSLOT_GET_SETTINGS && type != COINSLOT_GET_TIME && type != COINSLOT_GET_SIGNAL) return COINSLOT_E_ARGUMENT;
  error = prepare(module, 0, &at);
  return error ? error : send_request(module, type, at);
}

coinslot_error coinslot_get_log(coinslot *module, uint32_t order, uint8_t count) {
  byte *at;
  coinslot_error error;
  if (count < 1 || count > 20) return COINSLOT_E_ARGUMENT;
  error = prepare(module, 5, &at);
  if (error) return error;
  at = put32(at, order);
  *at++ = count;
  return send_request(module, COINSLOT_GET_LOG, at);
}

#if COINSLOT_DTU
coinslot_error coinslot_dtu_open(coinslot *module, uint8_t mode, uint16_t port, const char *address) {
  byte *at;
  uint8_t count = text_bytes(address);
  coinslot_error error;
  if (mode == 1 ? port || count : mode != 2 || !port || !count || count > 63) return COINSLOT_E_ARGUMENT;
  error = prepare(module, (uint16_t)(4 + count), &at);
  if (error) return error;
  *at++ = mode;
  return send_request(module, COINSLOT_DTU_OPEN, put_text(put16(at, port), address, count));
}

coinslot_error coinslot_dtu_write(coinslot *module, const uint8_t *bytes, uint16_t count, uint16_t *taken) {
  byte *at;
  coinslot_error error;
  if (!bytes || !count || !taken) return COINSLOT_E_ARGUMENT;
  *taken = 0;
  error = prepare(module, 0, &at);
  if (error) return error;
  if (!is_set(module, DTU_OPEN)) return COINSLOT_E_NO_STREAM;
  if (count > module->dtu_credit) count = module->dtu_credit;
  if (count > COINSLOT_TX_PAYLOAD) count = COINSLOT_TX_PAYLOAD;
  if (!count) return COINSLOT_E_NO_CREDIT;
  module->dtu_credit = (uint16_t)(module->dtu_credit - count);
  *taken = count;
  return send_request(module, COINSLOT_DTU_DATA, put_bytes(at, bytes, count));
}

coinslot_error coinslot_dtu_credit(coinslot *module, uint16_t credit) {
  byte *at;
  coinslot_error error = prepare(module, 2, &at);
  if (error) return error;
  if (!is_set(module, DTU_OPEN)) return COINSLOT_E_NO_STREAM;
  if (credit > COINSLOT_RX_PAYLOAD || credit + module->dtu_window > COINSLOT_RX_PAYLOAD) return COINSLOT_E_TOO_LONG;
  module->dtu_window = (uint16_t)(module->dtu_window + credit);
  return send_request(module, COINSLOT_DTU_CREDIT, put16(at, credit));
}

coinslot_error coinslot_dtu_close(coinslot *module) {
  byte *at;
  coinslot_error error = prepare(module, 0, &at);
  return error ? error : send_request(module, COINSLOT_DTU_CLOSE, at);
}
#endif
