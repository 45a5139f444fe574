/* The opcodes of a state dict's pickle, one function each. Private to the io room. */
#ifndef AR_IO_TORCH_OPCODES_H
#define AR_IO_TORCH_OPCODES_H

#include "io/torch_machine.h"

/* Run the machine's pickle up to STOP. */
AR_USE_RESULT ar_status ar_pickle_run(ar_pickle_machine *m);

/* GLOBAL: push the name of a function or type that a state dict needs. */
AR_USE_RESULT ar_status ar_pickle_run_global(ar_pickle_machine *m);
/* BINPERSID: ("storage", type, key, device, number of elements) becomes that storage. */
AR_USE_RESULT ar_status ar_pickle_run_persistent(ar_pickle_machine *m);
/* REDUCE: make an empty dict, or note a tensor. */
AR_USE_RESULT ar_status ar_pickle_run_reduce(ar_pickle_machine *m);
/* BUILD: forget the attributes of a dict, where modules note their versions. */
AR_USE_RESULT ar_status ar_pickle_run_build(ar_pickle_machine *m);

#endif
