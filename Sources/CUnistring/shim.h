#include <uninorm.h>

/* UNINORM_NFKC is the address of a structure that only the library knows: Swift sees neither. */
static inline uninorm_t uninorm_NFKC(void) { return UNINORM_NFKC; }
