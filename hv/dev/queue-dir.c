/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue-dir.h"

#include "backend.h"
#include "printk.h"
#include <xen/errno.h>

int queue_dir_count(struct backend_dev *dev, unsigned int max, unsigned int *ret)
{
    uint64_t nr = 1;

    backend_read_frontend_u64(dev, "multi-queue-num-queues", &nr);
    if (nr == 0 || nr > max)
        return backend_error(dev, -XEN_EINVAL, "multi-queue-num-queues %llu is not 1 to %u",
                             (unsigned long long)nr, max);
    *ret = (unsigned int)nr;
    return 0;
}

struct queue_dir queue_dir(struct backend_dev *dev, unsigned int queue, unsigned int nr_queues)
{
    struct queue_dir dir = { .dev = dev };

    if (nr_queues > 1)
        snprintk(dir.prefix, sizeof(dir.prefix), "queue-%u/", queue);
    return dir;
}

bool queue_dir_read_u64(const struct queue_dir *dir, const char *name, uint64_t *ret)
{
    char key[sizeof(dir->prefix) + 32];

    snprintk(key, sizeof(key), "%s%s", dir->prefix, name);
    return backend_read_frontend_u64(dir->dev, key, ret);
}
