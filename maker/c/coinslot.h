/*
 * Coinslot, the host's side of docs/host-protocol.md: copy coinslot.h and coinslot.c into your program.
 * C99, no allocation, no floating point, no operating system. You give three hooks (send, receive, milliseconds) and the
 * callbacks that you want, call coinslot_poll() from your main loop, and the library does frames, answers, repeats,
 * HELLO, reports and "deliver once". Leaves the display, the motor and the wording to you.
 * Invariants: on_deliver is called at most once for an order in one life of the host, and never for one that may have been
 * delivered before; a report that you made is repeated until the module has it.
 *
 * Not for interrupts: call everything from one place. Callbacks may call every function except coinslot_poll (which then
 * does nothing) and coinslot_start. Pointers handed to a callback are valid until it returns.
 */
#ifndef COINSLOT_H
#define COINSLOT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Sizes: define them for the compiler (-DCOINSLOT_RX_PAYLOAD=256) to change them ---- */

/* Longest payload in bytes that can be received, 64 to 512. A longer frame is answered with NAK BAD_LENGTH. 128 is enough
 * for every frame but long SETTINGS (about 150) and a QR whose url and reference have more than 120 bytes together. */
#ifndef COINSLOT_RX_PAYLOAD
#define COINSLOT_RX_PAYLOAD 128
#endif

/* Longest payload in bytes that can be sent, 16 to 512. PAY takes 9 bytes, the reference and the goods. */
#ifndef COINSLOT_TX_PAYLOAD
#define COINSLOT_TX_PAYLOAD 64
#endif

/* Orders remembered, for "deliver once" and for reports, 1 to 32. The module keeps at most 6 open. */
#ifndef COINSLOT_ORDERS
#define COINSLOT_ORDERS 6
#endif

/* Checksum: 1 = bit by bit, no table; 4 = table of 64 bytes; 8 = table of 1024 bytes, fastest. */
#ifndef COINSLOT_CRC_BITS
#define COINSLOT_CRC_BITS 4
#endif

/* 0 leaves the data stream out. */
#ifndef COINSLOT_DTU
#define COINSLOT_DTU 1
#endif

/* SDCC passes more than one argument through a function pointer only to reentrant functions: put this behind the
 * parameters of your hooks and callbacks if you compile for 8051. Elsewhere it is nothing. */
#if defined(__SDCC_mcs51)
#define COINSLOT_CALLBACK __reentrant
#else
#define COINSLOT_CALLBACK
#endif

/* Where the library's memory is: on an 8051 in XRAM, which makes the code a third smaller than pointers to anywhere. */
#ifndef COINSLOT_MEMORY
#if defined(__SDCC_mcs51)
#define COINSLOT_MEMORY __xdata
#else
#define COINSLOT_MEMORY
#endif
#endif

/* ---- What functions return. Nothing was done unless it is COINSLOT_OK ---- */

typedef enum {
  COINSLOT_OK = 0,
  COINSLOT_E_ARGUMENT = -1,  /* a null pointer, or a value out of the documented range */
  COINSLOT_E_BUSY = -2,      /* another request waits for its answer; try again after on_answer */
  COINSLOT_E_TOO_LONG = -3,  /* does not fit COINSLOT_TX_PAYLOAD or COINSLOT_RX_PAYLOAD */
  COINSLOT_E_NO_ANSWER = -4, /* the module did not answer (in on_answer), or was not heard yet */
  COINSLOT_E_REFUSED = -5,   /* the module said NAK (in on_answer, with the reason) */
  COINSLOT_E_NO_CREDIT = -6, /* the data stream has no credit now */
  COINSLOT_E_NO_STREAM = -7, /* no data stream is open */
  COINSLOT_E_FULL = -8       /* COINSLOT_ORDERS orders are under way */
} coinslot_error;

/* ---- Codes on the wire (docs/host-protocol.md) ---- */

enum { COINSLOT_PROTOCOL_VERSION = 1, COINSLOT_MAX_PAYLOAD = 512 };

typedef enum {
  COINSLOT_HELLO = 0x01,
  COINSLOT_PAY = 0x02,
  COINSLOT_QUERY = 0x03,
  COINSLOT_CANCEL = 0x04,
  COINSLOT_DISPENSED = 0x05,
  COINSLOT_FAILED = 0x06,
  COINSLOT_REFUND = 0x07,
  COINSLOT_RELAY = 0x08,
  COINSLOT_SET_SETTINGS = 0x09,
  COINSLOT_GET_SETTINGS = 0x0A,
  COINSLOT_GET_TIME = 0x0B,
  COINSLOT_GET_SIGNAL = 0x0C,
  COINSLOT_GET_LOG = 0x0D,
  COINSLOT_PROVISION = 0x0E,
  COINSLOT_DTU_OPEN = 0x10,
  COINSLOT_DTU_DATA = 0x11,
  COINSLOT_DTU_CREDIT = 0x12,
  COINSLOT_DTU_CLOSE = 0x13,
  COINSLOT_INFO = 0x41,
  COINSLOT_QR = 0x42,
  COINSLOT_STATUS = 0x43,
  COINSLOT_SETTINGS = 0x46,
  COINSLOT_TIME = 0x47,
  COINSLOT_SIGNAL = 0x48,
  COINSLOT_LOG = 0x49,
  COINSLOT_DTU_OPENED = 0x50,
  COINSLOT_DTU_RECEIVED = 0x51,
  COINSLOT_DTU_GRANTED = 0x52,
  COINSLOT_DTU_CLOSED = 0x53,
  COINSLOT_ACK = 0x7E,
  COINSLOT_NAK = 0x7F
} coinslot_type;

typedef enum { COINSLOT_WECHAT = 1, COINSLOT_ALIPAY = 2 } coinslot_channel;

typedef enum {
  COINSLOT_STATE_ACCEPTED = 1,
  COINSLOT_STATE_REQUESTED = 2,
  COINSLOT_STATE_AWAITING_PAYMENT = 3,
  COINSLOT_STATE_CANCELLING = 4,
  COINSLOT_STATE_PAID = 5,
  COINSLOT_STATE_DISPENSING = 6,
  COINSLOT_STATE_DISPENSED = 7,
  COINSLOT_STATE_REFUNDING = 8,
  COINSLOT_STATE_UNCERTAIN = 9,
  COINSLOT_STATE_DONE = 10, /* from here on final */
  COINSLOT_STATE_REFUSED = 11,
  COINSLOT_STATE_CLOSED = 12,
  COINSLOT_STATE_REFUNDED = 13
} coinslot_state;

typedef enum {
  COINSLOT_REASON_NONE = 0,
  COINSLOT_REASON_BAD_CRC = 1,
  COINSLOT_REASON_BAD_LENGTH = 2,
  COINSLOT_REASON_BAD_TYPE = 3,
  COINSLOT_REASON_BAD_VERSION = 4,
  COINSLOT_REASON_BAD_PAYLOAD = 5,
  COINSLOT_REASON_BAD_AMOUNT = 6,
  COINSLOT_REASON_OVER_LIMIT = 7,
  COINSLOT_REASON_BAD_CHANNEL = 8,
  COINSLOT_REASON_BAD_TEXT = 9,
  COINSLOT_REASON_BAD_REFERENCE = 10,
  COINSLOT_REASON_CONFLICT = 11,
  COINSLOT_REASON_BUSY = 12,
  COINSLOT_REASON_OFFLINE = 13,
  COINSLOT_REASON_UNKNOWN_ORDER = 14,
  COINSLOT_REASON_BAD_STATE = 15,
  COINSLOT_REASON_NOT_PROVISIONED = 16,
  COINSLOT_REASON_NOT_SYNCED = 17,
  COINSLOT_REASON_STORAGE = 18,
  COINSLOT_REASON_INCOMPLETE = 19,
  COINSLOT_REASON_NOT_ALLOWED = 20,
  COINSLOT_REASON_NO_STREAM = 21,
  COINSLOT_REASON_NO_CREDIT = 22,
  COINSLOT_REASON_HOST_CANCELLED = 23,
  COINSLOT_REASON_HOST_FAILED = 24,
  COINSLOT_REASON_GRANT_LAPSED = 25,
  COINSLOT_REASON_POWER_CUT = 26,
  COINSLOT_REASON_HOST_SILENT = 27,
  COINSLOT_REASON_HOST_REFUND = 28,
  COINSLOT_REASON_UNREACHABLE = 29,
  COINSLOT_REASON_DEVICE_UNKNOWN = 32,
  COINSLOT_REASON_DEVICE_DISABLED = 33,
  COINSLOT_REASON_CHANNEL_OFF = 34,
  COINSLOT_REASON_AMOUNT_LIMIT = 35,
  COINSLOT_REASON_REFERENCE_REUSED = 36,
  COINSLOT_REASON_RATE_LIMIT = 37,
  COINSLOT_REASON_TOO_MANY_OPEN = 38,
  COINSLOT_REASON_PROVIDER_REFUSED = 39,
  COINSLOT_REASON_PROVIDER_DOWN = 40,
  COINSLOT_REASON_EXPIRED = 41,
  COINSLOT_REASON_WITHDRAWN = 42,
  COINSLOT_REASON_MERCHANT_REFUND = 43,
  COINSLOT_REASON_BAD_MESSAGE = 44,
  COINSLOT_REASON_NOT_PAID = 45,
  COINSLOT_REASON_TOO_LATE = 46,
  COINSLOT_REASON_POLICY_REFUND = 47
} coinslot_reason;

typedef enum {
  COINSLOT_LINK_OFF = 0,
  COINSLOT_LINK_MODEM_STARTING = 1,
  COINSLOT_LINK_SIM_MISSING = 2,
  COINSLOT_LINK_SIM_LOCKED = 3,
  COINSLOT_LINK_NO_NETWORK = 4,
  COINSLOT_LINK_ATTACH_REFUSED = 5,
  COINSLOT_LINK_APN_REFUSED = 6,
  COINSLOT_LINK_CONNECTING = 7,
  COINSLOT_LINK_NO_SERVER = 8,
  COINSLOT_LINK_KEY_REFUSED = 9,
  COINSLOT_LINK_READY = 10,
  COINSLOT_LINK_MODEM_SILENT = 11
} coinslot_link;

/* ---- What the callbacks get. All texts end with a zero byte ---- */

/* The outcome of a request. */
typedef struct {
  uint32_t order;        /* the order it is about, 0 when there is none */
  coinslot_error result; /* COINSLOT_OK, COINSLOT_E_REFUSED or COINSLOT_E_NO_ANSWER */
  uint8_t type;          /* coinslot_type of the request */
  uint8_t reason;        /* coinslot_reason, when refused */
} coinslot_answer;

typedef struct {
  uint32_t last_order;
  uint8_t version;
  uint8_t reset;       /* why the module started, section 10 of the document */
  uint8_t link;        /* coinslot_link */
  uint8_t open_orders; /* so many STATUS follow */
  uint8_t is_restart;  /* 1: not asked for, the module has restarted */
  const char *device_id;
  const char *firmware;
  const char *board;
  const char *imei;
} coinslot_info;

typedef struct {
  uint32_t order;
  uint16_t left_s; /* seconds until it expires */
  uint8_t channel;
  const char *reference;
  const char *url; /* what the QR code must hold */
} coinslot_qr;

typedef struct {
  uint32_t order;
  uint32_t amount_fen;
  uint16_t left_s;
  uint8_t state;      /* coinslot_state */
  uint8_t reason;     /* coinslot_reason */
  uint8_t channel;
  uint8_t is_change;  /* 1: told because it changed; 0: told again */
  uint8_t is_earlier; /* 1: DISPENSING, but begun before this start of the host: on_deliver is not called; if you
                       * know from EEPROM how it went, report it, otherwise leave it to the merchant */
  const char *reference;
} coinslot_status;

#if COINSLOT_DTU
typedef enum {
  COINSLOT_DTU_IS_OPEN = 1,  /* write with coinslot_dtu_write, let come with coinslot_dtu_credit */
  COINSLOT_DTU_HAS_DATA = 2, /* bytes, count; give the credit back when you have dealt with them */
  COINSLOT_DTU_CAN_SEND = 3, /* more credit */
  COINSLOT_DTU_IS_CLOSED = 4 /* reason */
} coinslot_dtu_kind;

typedef struct {
  const uint8_t *bytes;
  uint16_t count;
  uint16_t credit; /* bytes that may be sent now */
  uint8_t kind;    /* coinslot_dtu_kind */
  uint8_t reason;  /* coinslot_reason */
} coinslot_dtu_event;
#endif

/* ---- What you give ---- */

/* May be constant, and must live as long as the module. Every callback may be null; hooks may not. `context` is the pointer
 * given to coinslot_start. */
typedef struct {
  /* Sends `count` bytes and gives how many it took. May wait until they are gone (a frame of 75 bytes: 7 ms), or
   * put them into a buffer. Bytes not taken are lost; the repeat makes up for it. */
  uint16_t (*send)(void *context, const uint8_t *bytes, uint16_t count) COINSLOT_CALLBACK;
  /* The next received byte, 0 to 255, or -1 when there is none. Must not wait. */
  int (*receive)(void *context) COINSLOT_CALLBACK;
  /* Milliseconds, from anywhere, going up and around after 65535. */
  uint16_t (*millis)(void *context) COINSLOT_CALLBACK;

  void (*on_answer)(void *context, const coinslot_answer *answer) COINSLOT_CALLBACK;
  void (*on_info)(void *context, const coinslot_info *info) COINSLOT_CALLBACK;
  void (*on_qr)(void *context, const coinslot_qr *qr) COINSLOT_CALLBACK;
  void (*on_status)(void *context, const coinslot_status *status) COINSLOT_CALLBACK;
  /* Relay mode 0: deliver now, once; then coinslot_dispensed or coinslot_failed. Needed in mode 0 only. */
  void (*on_deliver)(void *context, uint32_t order, uint32_t amount_fen) COINSLOT_CALLBACK;
  /* SETTINGS, TIME, SIGNAL, LOG: the payload as it came, and a zero byte behind it. */
  void (*on_message)(void *context, uint8_t type, const uint8_t *payload, uint16_t count) COINSLOT_CALLBACK;
#if COINSLOT_DTU
  void (*on_dtu)(void *context, const coinslot_dtu_event *event) COINSLOT_CALLBACK;
#endif
  /* Name and version of your machine, at most 32 bytes, or null. */
  const char *name;
} coinslot_config;

typedef struct {
  uint32_t amount_fen;   /* 1 and up; 250 is 2.50 yuan */
  uint16_t ttl_s;        /* 30 to 7200, or 0 for 300 */
  uint8_t channel;       /* coinslot_channel */
  const char *reference; /* 1 to 32 of ! to ~; the same again when you repeat the order; see coinslot_reference */
  const char *goods;     /* at most 48 bytes of UTF-8, or null */
} coinslot_payment;

/* The library's memory for one module. Look only at the counters. The small members come first, where a Cortex-M0
 * reaches them in one instruction. */
typedef COINSLOT_MEMORY struct {
  uint8_t flags;
  uint8_t sends;
  uint8_t seq;
  uint8_t taken[5];
  uint8_t order_flags[COINSLOT_ORDERS];
  uint16_t rx_count;
  uint16_t tx_count;
  uint16_t skip_left;
  uint16_t heard_ms;
  uint16_t sent_ms;
  uint16_t idle_ms;
  uint16_t received_ms;
  uint16_t reference_count;
#if COINSLOT_DTU
  uint16_t dtu_credit;
  uint16_t dtu_window;
#endif
  uint16_t broken_frames;   /* received with a wrong checksum, length, version or without an end; goes around */
  uint16_t oversize_frames; /* whole, but longer than COINSLOT_RX_PAYLOAD; goes around */
  const coinslot_config *config;
  void *context;
  uint32_t skip_crc;
  uint32_t base_order;
  uint32_t orders[COINSLOT_ORDERS];
  uint8_t tx[COINSLOT_TX_PAYLOAD + 11];
  uint8_t rx[COINSLOT_RX_PAYLOAD + 11];
} coinslot;

/* ---- Functions ---- */

/* Bytes that coinslot_reference writes, with the zero at the end. */
#define COINSLOT_REFERENCE_ROOM 13

/* Before everything else. Sends HELLO from the next poll on, until INFO comes. */
coinslot_error coinslot_start(coinslot *module, const coinslot_config *config, void *context);

/* Does what there is to do, and returns. Call it at least every 50 ms, and often enough that your receive buffer does not
 * run over (115200 baud: 11 bytes a millisecond). */
coinslot_error coinslot_poll(coinslot *module);

/* 1 while the module is heard from. */
uint8_t coinslot_is_alive(const coinslot *module);

/* 1 while a request waits for its answer, so that another one would be COINSLOT_E_BUSY. */
uint8_t coinslot_is_busy(const coinslot *module);

/* Makes a reference that was never used with this module before, for hosts without EEPROM: `room` is at least
 * COINSLOT_REFERENCE_ROOM. COINSLOT_E_NO_ANSWER until the first INFO. One order, one reference: keep it to repeat the order. */
coinslot_error coinslot_reference(coinslot *module, char *text, uint8_t room);

/* Opens an order. on_answer brings its number or the reason why not. After COINSLOT_E_NO_ANSWER or BUSY or OFFLINE send
 * the same again, with the same reference. */
coinslot_error coinslot_pay(coinslot *module, const coinslot_payment *payment);

/* Asks for STATUS (and QR), by number, or by reference with order 0. */
coinslot_error coinslot_query(coinslot *module, uint32_t order, const char *reference);

coinslot_error coinslot_cancel(coinslot *module, uint32_t order);

/* Reports. They wait for their turn, and are repeated until the module has taken or refused them. */
coinslot_error coinslot_dispensed(coinslot *module, uint32_t order);
coinslot_error coinslot_failed(coinslot *module, uint32_t order);

/* Asks for the money back for a delivered order. `text` at most 40 bytes, or null. */
coinslot_error coinslot_refund(coinslot *module, uint32_t order, const char *text);

/* `count` pulses of relay 1 or 2; count 0 releases both. */
coinslot_error coinslot_relay(coinslot *module, uint8_t relay, uint8_t count, uint16_t on_ms, uint16_t off_ms);

coinslot_error coinslot_set_settings(coinslot *module, const char *json);

/* COINSLOT_GET_SETTINGS, COINSLOT_GET_TIME or COINSLOT_GET_SIGNAL; on_message brings it. */
coinslot_error coinslot_get(coinslot *module, coinslot_type type);

/* Up to `count` (1 to 20) log lines about an order, or about all (0). */
coinslot_error coinslot_get_log(coinslot *module, uint32_t order, uint8_t count);

#if COINSLOT_DTU
/* Mode 1: through the platform (port 0, address null). Mode 2: straight to `address` and `port`. */
coinslot_error coinslot_dtu_open(coinslot *module, uint8_t mode, uint16_t port, const char *address);

/* Sends the first bytes of these, as many as credit and buffer allow; `*taken` says how many. */
coinslot_error coinslot_dtu_write(coinslot *module, const uint8_t *bytes, uint16_t count, uint16_t *taken);

/* Lets `credit` bytes more come; at most COINSLOT_RX_PAYLOAD in all. */
coinslot_error coinslot_dtu_credit(coinslot *module, uint16_t credit);

coinslot_error coinslot_dtu_close(coinslot *module);
#endif

#ifdef __cplusplus
}
#endif
#endif
