/*
 * A machine on a PC, Raspberry Pi or any POSIX system: sells what is typed, at a serial port or at a virtual module.
 *   cc -std=c99 -I../.. machine.c ../../coinslot.c -o machine
 *   ./machine /dev/ttyUSB0            ./machine tcp:7002            ./machine --deliver --baud 9600 /dev/ttyUSB0
 * It reads lines from standard input: `sell` or `sell 250` or `sell 250 alipay` (amounts in fen), `cancel`, `quit`; at the
 * end of the input it ends when no sale is open. It exits with 0 when the last sale was paid and delivered, else with 1.
 * Shows: a sale is repeated with the same reference until the module has it, asked about when it is not heard of, and
 * (with --deliver, relay mode 0) delivered once, which is remembered in a file as a microcontroller does in EEPROM.
 */
#define _POSIX_C_SOURCE 200809L

#include "coinslot.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 20, RETRY_MS = 1000, GIVE_UP_MS = 60000, SILENCE_MS = 15000, LINE_BYTES = 128, DEFAULT_FEN = 250 };

typedef enum { NO_SALE, WANTS_REFERENCE, WANTS_ORDER, ASKED, OPEN } sale_step;

typedef struct {
  int port;
  uint8_t received[512];
  size_t received_first;
  size_t received_last;
  coinslot module;
  sale_step step;
  coinslot_payment payment;
  char reference[COINSLOT_REFERENCE_ROOM];
  uint32_t order; /* 0 while its number is not known */
  uint64_t begun_ms;
  uint64_t heard_ms;
  uint64_t retry_ms;
  uint32_t motor_order; /* to be delivered by the main loop */
  const char *memory;   /* file with the order whose delivery began last */
  int exit_code;
} machine;

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* ---- Three hooks ---- */

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) {
  machine *self = context;
  uint16_t sent = 0;
  while (sent < count) {
    ssize_t result = write(self->port, bytes + sent, (size_t)(count - sent));
    if (result > 0) {
      sent = (uint16_t)(sent + result);
    } else if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
      struct pollfd wait = {self->port, POLLOUT, 0};
      if (poll(&wait, 1, 100) == 0) break;
    } else {
      break;
    }
  }
  return sent;
}

static int do_receive(void *context) {
  machine *self = context;
  return self->received_first == self->received_last ? -1 : self->received[self->received_first++];
}

static uint16_t do_millis(void *context) {
  (void)context;
  return (uint16_t)now_ms();
}

/* ---- The order whose delivery began last, as EEPROM would keep it ---- */

static uint32_t recall(const machine *self) {
  unsigned long order = 0;
  FILE *file = self->memory ? fopen(self->memory, "r") : 0;
  if (!file) return 0;
  if (fscanf(file, "%lu", &order) != 1) order = 0;
  fclose(file);
  return (uint32_t)order;
}

static int remember(const machine *self, uint32_t order) {
  FILE *file = self->memory ? fopen(self->memory, "w") : 0;
  int is_kept = 0;
  if (!self->memory) return 1;
  if (!file) return 0;
  is_kept = fprintf(file, "%lu\n", (unsigned long)order) > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
  return fclose(file) == 0 && is_kept;
}

/* ---- What the module tells ---- */

/* Where a real machine says more in its customer's language. */
static const char *state_text(uint8_t state) {
  static const char *const texts[] = {"?",         "accepted",  "asking",    "waiting for the payment", "cancelling", "paid", "delivering",
                                      "delivered", "refunding", "uncertain", "done",                    "refused",    "not paid", "refunded"};
  return texts[state <= COINSLOT_STATE_REFUNDED ? state : 0];
}

static void end_sale(machine *self, int is_good) {
  self->step = NO_SALE;
  self->exit_code = is_good ? 0 : 1;
}

static void on_info(void *context, const coinslot_info *info) {
  (void)context;
  printf("module %s, firmware %s, %u open%s\n", info->device_id, info->firmware, info->open_orders,
         info->is_restart ? " (it has restarted)" : "");
}

static void on_qr(void *context, const coinslot_qr *qr) {
  (void)context;
  printf("order %lu: scan %s within %u s\n", (unsigned long)qr->order, qr->url, qr->left_s);
}

static void on_status(void *context, const coinslot_status *status) {
  machine *self = context;
  /* Told to deliver before this program started. If the motor had begun, nobody knows; otherwise nothing was delivered. */
  if (status->is_earlier && self->memory && recall(self) != status->order) coinslot_failed(&self->module, status->order);
  if (self->step != NO_SALE && strcmp(status->reference, self->reference) == 0) {
    self->order = status->order;
    self->step = OPEN;
    self->heard_ms = now_ms();
    if (status->state >= COINSLOT_STATE_DONE) end_sale(self, status->state == COINSLOT_STATE_DONE);
  }
  if (status->is_change)
    printf("order %lu: %s, reason %u\n", (unsigned long)status->order, state_text(status->state), status->reason);
}

/* Never wait in a callback: note it, and let the main loop move the motor. */
static void on_deliver(void *context, uint32_t order, uint32_t amount_fen) {
  machine *self = context;
  (void)amount_fen;
  self->motor_order = order;
}

static void on_answer(void *context, const coinslot_answer *answer) {
  machine *self = context;
  if (answer->type == COINSLOT_PAY && self->step == ASKED) {
    if (answer->result == COINSLOT_OK) {
      self->order = answer->order;
      self->step = OPEN;
      self->heard_ms = now_ms();
      return;
    }
    printf("not taken: error %d, reason %u\n", (int)answer->result, answer->reason);
    /* The same again, with the same reference: it cannot become two orders. */
    self->step = WANTS_ORDER;
    self->retry_ms = now_ms() + RETRY_MS;
    if (answer->result == COINSLOT_E_REFUSED && answer->reason != COINSLOT_REASON_BUSY &&
        answer->reason != COINSLOT_REASON_OFFLINE && answer->reason != COINSLOT_REASON_NOT_SYNCED &&
        answer->reason != COINSLOT_REASON_STORAGE)
      end_sale(self, 0);
  } else if (answer->type == COINSLOT_QUERY && answer->reason == COINSLOT_REASON_UNKNOWN_ORDER && self->step == OPEN) {
    printf("the module does not know the order any more: look at the platform\n");
    end_sale(self, 0);
  } else if (answer->result != COINSLOT_OK) {
    printf("request %u: error %d, reason %u\n", answer->type, (int)answer->result, answer->reason);
  }
}

/* ---- The machine itself ---- */

/* Written down before the motor moves: after a power cut it is known that it may have moved. */
static void deliver(machine *self) {
  uint32_t order = self->motor_order;
  self->motor_order = 0;
  if (!remember(self, order)) {
    coinslot_failed(&self->module, order);
    return;
  }
  printf("order %lu: the motor turns\n", (unsigned long)order);
  coinslot_dispensed(&self->module, order);
}

/* One step of the sale, when the line is free. */
static void go_on(machine *self) {
  uint64_t now = now_ms();
  if (self->step == WANTS_REFERENCE && coinslot_reference(&self->module, self->reference, sizeof self->reference) == COINSLOT_OK)
    self->step = WANTS_ORDER;
  if (self->step == WANTS_ORDER && now >= self->retry_ms) {
    if (now - self->begun_ms > GIVE_UP_MS) {
      printf("out of service\n");
      end_sale(self, 0);
      return;
    }
    self->payment.reference = self->reference;
    if (coinslot_pay(&self->module, &self->payment) == COINSLOT_OK) self->step = ASKED;
  }
  if (self->step == OPEN && now - self->heard_ms > SILENCE_MS) {
    if (coinslot_query(&self->module, self->order, 0) == COINSLOT_OK) self->heard_ms = now;
  }
}

/* Gives 0 when the machine shall end. */
static int obey(machine *self, char *line) {
  char *words[3] = {0, 0, 0};
  size_t count = 0;
  char *word = strtok(line, " \r\n");
  while (word && count < 3) {
    words[count++] = word;
    word = strtok(0, " \r\n");
  }
  if (count == 0) return 1;
  if (strcmp(words[0], "quit") == 0) return 0;
  if (strcmp(words[0], "cancel") == 0) {
    coinslot_error error = self->order ? coinslot_cancel(&self->module, self->order) : COINSLOT_E_ARGUMENT;
    if (error) printf("cannot cancel now: error %d\n", (int)error);
  } else if (strcmp(words[0], "sell") == 0 && self->step == NO_SALE) {
    self->payment.amount_fen = words[1] ? (uint32_t)strtoul(words[1], 0, 10) : DEFAULT_FEN;
    self->payment.channel = words[2] && strcmp(words[2], "alipay") == 0 ? COINSLOT_ALIPAY : COINSLOT_WECHAT;
    self->payment.ttl_s = 60;
    self->payment.goods = "example";
    if (self->payment.amount_fen == 0) {
      printf("not an amount in fen: %s\n", words[1]);
      return 1;
    }
    self->order = 0;
    self->step = WANTS_REFERENCE;
    self->begun_ms = now_ms();
    self->retry_ms = 0;
  } else {
    printf("sell [fen] [wechat|alipay], one at a time; cancel; quit\n");
  }
  return 1;
}

/* ---- Opening the port ---- */

static int open_tcp(const char *address) {
  char host[64] = "127.0.0.1";
  const char *port = strrchr(address, ':') + 1;
  struct addrinfo hints;
  struct addrinfo *found = 0;
  int fd;
  size_t host_bytes = port - address > 4 ? (size_t)(port - address) - 5 : 0;
  if (host_bytes >= sizeof host) return -1;
  if (host_bytes) {
    memcpy(host, address + 4, host_bytes);
    host[host_bytes] = 0;
  }
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
  fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

static int open_serial(const char *path, unsigned long baud) {
  static const struct {
    unsigned long baud;
    speed_t speed;
  } speeds[] = {{9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};
  struct termios line;
  size_t index = 0;
  int fd = open(path, O_RDWR | O_NOCTTY);
  while (index < 4 && speeds[index].baud != baud) index++;
  if (fd < 0) return -1;
  if (tcgetattr(fd, &line) != 0) {
    close(fd);
    return -1;
  }
  line.c_iflag = 0;
  line.c_oflag = 0;
  line.c_lflag = 0;
  line.c_cflag = CS8 | CREAD | CLOCAL;
  cfsetispeed(&line, speeds[index].speed);
  cfsetospeed(&line, speeds[index].speed);
  if (tcsetattr(fd, TCSANOW, &line) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int open_port(const char *address, unsigned long baud) {
  int fd = strncmp(address, "tcp:", 4) == 0 ? open_tcp(address) : open_serial(address, baud);
  if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/* ---- The main loop ---- */

/* Waits for bytes, a line or the next poll; gives 0 when the port is gone. */
static int wait_for_bytes(machine *self, int *is_typing, char *line, size_t *line_bytes) {
  struct pollfd fds[2];
  ssize_t count;
  fds[0].fd = self->port;
  fds[0].events = POLLIN;
  fds[1].fd = *is_typing ? STDIN_FILENO : -1;
  fds[1].events = POLLIN;
  fds[0].revents = fds[1].revents = 0;
  if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR) return 0;
  if (self->received_first == self->received_last) self->received_first = self->received_last = 0;
  if (fds[0].revents) {
    count = read(self->port, self->received + self->received_last, sizeof self->received - self->received_last);
    if (count == 0 && self->received_last < sizeof self->received) return 0;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return 0;
    if (count > 0) self->received_last += (size_t)count;
  }
  if (fds[1].revents) {
    count = read(STDIN_FILENO, line + *line_bytes, 1);
    if (count <= 0) *is_typing = 0;
    if (count > 0 && *line_bytes < LINE_BYTES - 2) ++*line_bytes;
  }
  return 1;
}

static int run(machine *self) {
  char line[LINE_BYTES];
  size_t line_bytes = 0;
  int is_typing = 1;
  while (is_typing || self->step != NO_SALE) {
    if (!wait_for_bytes(self, &is_typing, line, &line_bytes)) {
      printf("the port is gone\n");
      return 1;
    }
    coinslot_poll(&self->module);
    if (self->motor_order) deliver(self);
    go_on(self);
    if (line_bytes && line[line_bytes - 1] == '\n') {
      line[line_bytes - 1] = 0;
      line_bytes = 0;
      if (!obey(self, line)) break;
    }
  }
  return self->exit_code;
}

static const coinslot_config relay_delivers = {do_send,   do_receive, do_millis, on_answer, on_info, on_qr,
                                               on_status, 0,          0,         0,         "example-posix"};
static const coinslot_config we_deliver = {do_send,   do_receive, do_millis, on_answer, on_info, on_qr,
                                           on_status, on_deliver, 0,         0,         "example-posix"};

int main(int argc, char **argv) {
  static machine self;
  const coinslot_config *config = &relay_delivers;
  const char *address = 0;
  unsigned long baud = 115200;
  int index;
  setvbuf(stdout, 0, _IOLBF, 0);
  for (index = 1; index < argc; index++) {
    if (strcmp(argv[index], "--deliver") == 0) {
      config = &we_deliver;
    } else if (strcmp(argv[index], "--baud") == 0 && index + 1 < argc) {
      baud = strtoul(argv[++index], 0, 10);
    } else if (strcmp(argv[index], "--memory") == 0 && index + 1 < argc) {
      self.memory = argv[++index];
    } else if (argv[index][0] != '-' && !address) {
      address = argv[index];
    } else {
      address = 0;
      break;
    }
  }
  if (!address) {
    fprintf(stderr, "machine [--deliver] [--memory FILE] [--baud RATE] /dev/ttyUSB0 | tcp:[HOST:]PORT\n");
    return 2;
  }
  self.port = open_port(address, baud);
  if (self.port < 0) {
    fprintf(stderr, "cannot open %s: %s\n", address, strerror(errno));
    return 2;
  }
  if (coinslot_start(&self.module, config, &self) != COINSLOT_OK) return 2;
  return run(&self);
}
