/* SPDX-License-Identifier: Apache-2.0
 * What a device can at most, measured: what `ocelli bench` holds ops against. */
#ifndef OP_PEAK_H
#define OP_PEAK_H

#include "op/device.h"

struct op_peak {
    double macs;  /* multiply-accumulates a second of the kind in use, in registers; 0: not measured (mma) */
    double bytes; /* read a second, from 64 MiB */
};

/* Takes a few tenths of a second. Errors: MEMORY, DEVICE, LOST. */
int op_peak_measure(struct op_device *device, struct op_peak *peak);

#endif
