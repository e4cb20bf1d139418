/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a front end writes the nodes of a queue: in a directory of its own, unless there is only
 * one, whose nodes are the front end's as before there were several (multi-queue-num-queues in
 * io/blkif.h and io/netif.h).
 */
#pragma once

#include "types.h"

struct backend_dev;

struct queue_dir {
    struct backend_dev *dev;
    char prefix[12]; /* "" or "queue-3/" */
};

/* How many queues the front end wants, 1 to max. 0 or -XEN_EINVAL, and it was said. */
int queue_dir_count(struct backend_dev *dev, unsigned int max, unsigned int *ret);
struct queue_dir queue_dir(struct backend_dev *dev, unsigned int queue, unsigned int nr_queues);
bool queue_dir_read_u64(const struct queue_dir *dir, const char *name, uint64_t *ret);
