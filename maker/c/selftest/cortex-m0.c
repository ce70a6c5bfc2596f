/*
 * Start of a bare Cortex-M0: stack, variables, main. For the self-test on QEMU only.
 */
#include <stdint.h>

extern uint32_t stack_top, data_begin, data_end, data_load, bss_begin, bss_end;
int main(void);
void reset(void);

void reset(void) {
  uint32_t *from = &data_load;
  uint32_t *to;
  for (to = &data_begin; to < &data_end; to++) *to = *from++;
  for (to = &bss_begin; to < &bss_end; to++) *to = 0;
  main();
  for (;;) {
  }
}

/* The first two words of the flash: where the stack begins, where the program does. */
typedef struct {
  uint32_t *stack;
  void (*start)(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {&stack_top, reset};
