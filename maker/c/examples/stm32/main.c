/*
 * A machine with an STM32F100 or F103 ("blue pill") and nothing else: no HAL, no operating system, 8 MHz from the inside.
 *   arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -std=c99 -I../.. -nostartfiles --specs=nano.specs -T stm32f1.ld
 *       main.c ../../coinslot.c -o machine.elf
 * PA9, PA10: to the module (USART1, 115200). PA2: texts for a display or a PC (USART2, 115200). PB0: button to ground. PB1: motor.
 * Press the button: an order of 2.50 yuan, its QR code on PA2; when it is paid, the motor turns for a second (relay mode 0:
 * `coinslot settings mode=0`). In the other modes the module moves its relay, and the motor here stands still.
 * Without EEPROM an order that may have been delivered before a power cut is not delivered again: the library sees to it.
 * Registers: RM0008, sections 7 (RCC), 9 (GPIO), 27 (USART); PM0056 (SysTick, NVIC).
 */
#include "coinslot.h"

#include <string.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_APB2ENR REGISTER(0x40021018u)
#define RCC_APB1ENR REGISTER(0x4002101Cu)
#define GPIOA_CRL REGISTER(0x40010800u)
#define GPIOA_CRH REGISTER(0x40010804u)
#define GPIOB_CRL REGISTER(0x40010C00u)
#define GPIOB_IDR REGISTER(0x40010C08u)
#define GPIOB_BSRR REGISTER(0x40010C10u)
#define USART1_SR REGISTER(0x40013800u)
#define USART1_DR REGISTER(0x40013804u)
#define USART1_BRR REGISTER(0x40013808u)
#define USART1_CR1 REGISTER(0x4001380Cu)
#define USART2_SR REGISTER(0x40004400u)
#define USART2_DR REGISTER(0x40004404u)
#define USART2_BRR REGISTER(0x40004408u)
#define USART2_CR1 REGISTER(0x4000440Cu)
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define NVIC_ISER1 REGISTER(0xE000E104u)

enum { USART_RXNE = 1u << 5, USART_TXE = 1u << 7 };
enum { CPU_HZ = 8000000, BAUD = 115200, RING_BYTES = 256 };
enum { PRICE_FEN = 250, PAYABLE_S = 120, MOTOR_MS = 1000, RETRY_MS = 1000, GIVE_UP_MS = 30000, SILENCE_MS = 15000 };

/* ---- Time, and bytes from the module, by interrupt ---- */

static volatile uint16_t ms;
static volatile uint8_t ring[RING_BYTES];
static volatile uint8_t ring_in;
static uint8_t ring_out;

void systick_handler(void) { ms++; }

/* Reading DR clears RXNE, and an overrun with it. */
void usart1_handler(void) {
  if (USART1_SR & (USART_RXNE | 1u << 3)) ring[ring_in++] = (uint8_t)USART1_DR;
}

static uint16_t since(uint16_t then_ms) { return (uint16_t)(ms - then_ms); }

/* ---- Three hooks ---- */

static uint16_t do_send(void *context, const uint8_t *bytes, uint16_t count) {
  uint16_t index;
  (void)context;
  for (index = 0; index < count; index++) {
    while (!(USART1_SR & USART_TXE)) {
    }
    USART1_DR = bytes[index];
  }
  return count;
}

static int do_receive(void *context) {
  (void)context;
  return ring_out == ring_in ? -1 : ring[ring_out++];
}

static uint16_t do_millis(void *context) {
  (void)context;
  return ms;
}

/* ---- The machine ---- */

typedef enum { READY, WANTS_ORDER, ASKED, OPEN } sale_step;

static coinslot module;
static sale_step step;
static char reference[COINSLOT_REFERENCE_ROOM];
static uint32_t open_order;
static uint16_t begun_ms;
static uint16_t retry_ms;
static uint16_t heard_ms;
static uint32_t motor_order;
static uint16_t motor_ms;
static uint8_t is_motor_on;

static void show(const char *text) {
  for (; *text; text++) {
    while (!(USART2_SR & USART_TXE)) {
    }
    USART2_DR = (uint8_t)*text;
  }
}

static void show_line(const char *text, const char *more) {
  show(text);
  show(more);
  show("\r\n");
}

static void on_qr(void *context, const coinslot_qr *qr) {
  (void)context;
  show_line("QR ", qr->url);
}

static void on_status(void *context, const coinslot_status *status) {
  (void)context;
  if (step == READY || strcmp(status->reference, reference) != 0) return;
  step = OPEN;
  open_order = status->order;
  heard_ms = ms;
  if (!status->is_change) return;
  if (status->state == COINSLOT_STATE_PAID) show_line("paid, thank you", "");
  if (status->state < COINSLOT_STATE_DONE) return;
  show_line(status->state == COINSLOT_STATE_DONE       ? "done"
            : status->state == COINSLOT_STATE_REFUNDED ? "the money comes back"
                                                       : "not paid",
            "");
  step = READY;
}

/* Only noted here: the motor is the main loop's business. */
static void on_deliver(void *context, uint32_t order, uint32_t amount_fen) {
  (void)context;
  (void)amount_fen;
  motor_order = order;
}

static void on_answer(void *context, const coinslot_answer *answer) {
  uint8_t is_passing = (uint8_t)(answer->result == COINSLOT_E_NO_ANSWER || answer->reason == COINSLOT_REASON_BUSY ||
                                 answer->reason == COINSLOT_REASON_OFFLINE || answer->reason == COINSLOT_REASON_NOT_SYNCED ||
                                 answer->reason == COINSLOT_REASON_STORAGE);
  (void)context;
  if (answer->type == COINSLOT_QUERY && answer->reason == COINSLOT_REASON_UNKNOWN_ORDER) step = READY;
  if (answer->type != COINSLOT_PAY || step != ASKED) return;
  if (answer->result == COINSLOT_OK) {
    step = OPEN;
    open_order = answer->order;
    heard_ms = ms;
  } else if (is_passing && since(begun_ms) < GIVE_UP_MS) {
    /* The same again with the same reference: it cannot become two orders. */
    step = WANTS_ORDER;
    retry_ms = ms;
  } else {
    show_line("out of service", "");
    step = READY;
  }
}

static const coinslot_config config = {do_send,   do_receive, do_millis, on_answer, 0, on_qr,
                                       on_status, on_deliver, 0,         0,         "example-stm32"};

static void begin_sale(void) {
  if (step != READY || coinslot_reference(&module, reference, sizeof reference) != COINSLOT_OK) return;
  step = WANTS_ORDER;
  begun_ms = ms;
  retry_ms = (uint16_t)(ms - RETRY_MS);
}

static void go_on(void) {
  if (step == WANTS_ORDER && since(retry_ms) >= RETRY_MS) {
    coinslot_payment payment;
    payment.amount_fen = PRICE_FEN;
    payment.ttl_s = PAYABLE_S;
    payment.channel = COINSLOT_WECHAT;
    payment.reference = reference;
    payment.goods = "cola";
    if (coinslot_pay(&module, &payment) == COINSLOT_OK) step = ASKED;
  }
  if (step == OPEN && since(heard_ms) > SILENCE_MS && coinslot_query(&module, open_order, 0) == COINSLOT_OK) heard_ms = ms;
}

static void turn_motor(void) {
  if (motor_order && !is_motor_on) {
    is_motor_on = 1;
    motor_ms = ms;
    GPIOB_BSRR = 1u << 1;
    show_line("motor on", "");
  }
  if (is_motor_on && since(motor_ms) >= MOTOR_MS) {
    is_motor_on = 0;
    GPIOB_BSRR = 1u << 17;
    show_line("motor off", "");
    /* A machine with a sensor says coinslot_failed when nothing fell. */
    coinslot_dispensed(&module, motor_order);
    motor_order = 0;
  }
}

static void start_hardware(void) {
  RCC_APB2ENR |= 1u << 2 | 1u << 3 | 1u << 14; /* GPIOA, GPIOB, USART1 */
  RCC_APB1ENR |= 1u << 17;                     /* USART2 */
  GPIOA_CRL = (GPIOA_CRL & ~0x00000F00u) | 0x00000B00u; /* PA2: alternate function, push-pull */
  GPIOA_CRH = (GPIOA_CRH & ~0x00000FF0u) | 0x000008B0u; /* PA9: the same; PA10: input with pull-up */
  GPIOB_CRL = (GPIOB_CRL & ~0x000000FFu) | 0x00000028u; /* PB0: input with pull-up; PB1: output */
  GPIOB_BSRR = 1u << 0 | 1u << 17;
  REGISTER(0x40010810u) = 1u << 10; /* GPIOA_BSRR: the pull-up of PA10 */
  USART1_BRR = USART2_BRR = (CPU_HZ + BAUD / 2) / BAUD;
  USART1_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2; /* on, interrupt on RXNE, TX, RX */
  USART2_CR1 = 1u << 13 | 1u << 3;
  SYST_RVR = CPU_HZ / 1000 - 1;
  SYST_CSR = 7;
  NVIC_ISER1 = 1u << 5; /* USART1 is interrupt 37 */
}

int main(void) {
  uint8_t was_pressed = 0;
  uint16_t button_ms = 0;
  start_hardware();
  coinslot_start(&module, &config, 0);
  for (;;) {
    uint8_t is_pressed = (uint8_t)!(GPIOB_IDR & 1u);
    coinslot_poll(&module);
    turn_motor();
    go_on();
    /* A press counts when it has lasted 30 ms, once, and not before the module was heard. */
    if (!is_pressed) {
      button_ms = ms;
      was_pressed = 0;
    } else if (!was_pressed && since(button_ms) > 30 && coinslot_is_alive(&module)) {
      begin_sale();
      was_pressed = (uint8_t)(step != READY);
    }
  }
}

/* ---- The start: what a start-up file of the manufacturer would do ---- */

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

void reset_handler(void) {
  uint32_t *from = data_from;
  uint32_t *to = data_begin;
  while (to < data_end) *to++ = *from++;
  for (to = bss_begin; to < bss_end; to++) *to = 0;
  main();
}

void hang(void) {
  for (;;) {
  }
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16 + 43] = {
    (vector)stack_top, reset_handler, hang, hang, hang, hang, hang, [14] = hang, [15] = systick_handler, [16 + 37] = usart1_handler,
};
