/*
 * Every function of the C library with null pointers, and the sizes that a maker may choose. Exits with the number of the
 * first check that fails, 0 when none does.
 */
#include "coinslot.h"

#include <stdio.h>
#include <string.h>

static int number;

#define CHECK(condition)                                              \
  do {                                                                \
    number++;                                                         \
    if (!(condition)) {                                               \
      printf("check %d, line %d: %s\n", number, __LINE__, #condition); \
      return 1;                                                       \
    }                                                                 \
  } while (0)

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) {
  (void)context;
  (void)bytes;
  return count;
}
static int do_receive(void *context) {
  (void)context;
  return -1;
}
static uint16_t do_millis(void *context) {
  (void)context;
  return 0;
}

int main(void) {
  coinslot module;
  coinslot_config config;
  coinslot_payment payment;
  char text[COINSLOT_REFERENCE_ROOM];
  uint16_t taken = 9;
  uint8_t byte = 1;

  /* Null for the module. */
  memset(&config, 0, sizeof config);
  memset(&payment, 0, sizeof payment);
  payment.amount_fen = 1;
  payment.channel = COINSLOT_WECHAT;
  payment.reference = "a";
  CHECK(coinslot_start(0, &config, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_poll(0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_is_alive(0) == 0 && coinslot_is_busy(0) == 0);
  CHECK(coinslot_reference(0, text, sizeof text) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_pay(0, &payment) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_query(0, 1, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_cancel(0, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dispensed(0, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_failed(0, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_refund(0, 1, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_relay(0, 1, 0, 0, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_set_settings(0, "{}") == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_get(0, COINSLOT_GET_TIME) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_get_log(0, 0, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_open(0, 1, 0, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_write(0, &byte, 1, &taken) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_credit(0, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_close(0) == COINSLOT_E_ARGUMENT);

  /* A module that was never started. */
  memset(&module, 0, sizeof module);
  CHECK(coinslot_poll(&module) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_pay(&module, &payment) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dispensed(&module, 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_reference(&module, text, sizeof text) == COINSLOT_E_ARGUMENT);

  /* Each hook missing. */
  CHECK(coinslot_start(&module, 0, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_start(&module, &config, 0) == COINSLOT_E_ARGUMENT);
  config.send = do_send;
  CHECK(coinslot_start(&module, &config, 0) == COINSLOT_E_ARGUMENT);
  config.receive = do_receive;
  CHECK(coinslot_start(&module, &config, 0) == COINSLOT_E_ARGUMENT);
  config.millis = do_millis;
  CHECK(coinslot_start(&module, &config, 0) == COINSLOT_OK);

  /* No callback at all is allowed. */
  CHECK(coinslot_poll(&module) == COINSLOT_OK);
  CHECK(coinslot_pay(&module, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_reference(&module, 0, sizeof text) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_reference(&module, text, COINSLOT_REFERENCE_ROOM - 1) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_write(&module, 0, 1, &taken) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_write(&module, &byte, 1, 0) == COINSLOT_E_ARGUMENT);
  CHECK(coinslot_dtu_write(&module, &byte, 1, &taken) == COINSLOT_E_NO_STREAM && taken == 0);
  CHECK(coinslot_dtu_credit(&module, 1) == COINSLOT_E_NO_STREAM);

  /* What does not fit into the buffer for sending. */
  payment.goods = "0123456789012345678901234567890123456789";
  payment.reference = "0123456789abcdef0123456789abcdef";
  CHECK(9 + 40 + 32 > COINSLOT_TX_PAYLOAD && coinslot_pay(&module, &payment) == COINSLOT_E_TOO_LONG);
  payment.goods = 0;
  CHECK(coinslot_pay(&module, &payment) == COINSLOT_OK);
  CHECK(coinslot_is_busy(&module) == 1 && coinslot_pay(&module, &payment) == COINSLOT_E_BUSY);

  /* Smaller than what the document promises. */
  CHECK(sizeof(coinslot) <= 400);
  printf("%d checks\n", number);
  return 0;
}
