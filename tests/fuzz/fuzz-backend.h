/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzz targets of the back ends share: a stream of bytes, and the life of a device under a hostile front end. */
#ifndef FUZZ_BACKEND_H
#define FUZZ_BACKEND_H

#include "include/backend.h"
#include <stddef.h>
#include <stdint.h>

/* The front end's event channel. */
#define FUZZ_PORT 2U

/* The input that is left. When it is used up, everything taken is 0. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

/* A back end to try. Whatever its front end does, in the end every grant, block, page and queue entry must be back. */
struct fuzz_backend {
    const struct backend_type *type;
    /* Makes the machine's device, fake_backend and the front end's nodes for domain @d, as @in's first bytes say. */
    void (*setup)(struct fuzz_input *in, struct domain *d);
    /* Makes the rings of a front end that starts anew. */
    void (*reset_rings)(void);
    /* Does one thing to the connected device; what several back ends can suffer goes through fuzz_backend_harm(). */
    void (*step)(struct fuzz_input *in);
};

/* The next byte, the next two bytes. */
uint8_t fuzz_take(struct fuzz_input *in);
uint16_t fuzz_take16(struct fuzz_input *in);

/* Overwrites a few bytes somewhere in the first @max bytes from guest frame @pfn on. */
void fuzz_scribble(struct fuzz_input *in, unsigned int pfn, unsigned int max);

/* One harm that any back end may suffer: grants changed or cut, entries of the first @nr_queues queues that the machine
   returns and was never given, no memory left, a front end that starts anew. Grants hit are the first @nr_grants ones. */
void fuzz_backend_harm(struct fuzz_input *in, unsigned int nr_queues, unsigned int nr_grants);

/* Runs one whole input. Returns 0, as LLVMFuzzerTestOneInput() does. */
int fuzz_backend_run(const struct fuzz_backend *backend, const uint8_t *data, size_t size);

#endif
