/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random.h"

#include <sys/random.h>

void random_fill(guint8 *buf, gsize len)
{
    while (len > 0) {
        ssize_t n = getrandom(buf, len, 0);

        if (n <= 0) /* interrupted: kernels that have it never fail otherwise */
            continue;
        buf += n;
        len -= (gsize)n;
    }
}
