/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console_io: the emergency console. Its text joins hv's log when the configuration asks for it. */
#include "pv/console.h"
#include "cpu/vcpu.h"
#include "lib/log.h"
#include "pv/hypercall.h"
#include "guest.h"
#include "printk.h"
#include <xen/errno.h>

#define CHUNK 128

static bool verbose;

void console_io_set_verbose(bool on)
{
    verbose = on;
}

static int64_t write_text(gva_t text, uint32_t count)
{
    char buf[CHUNK];

    while (count > 0) {
        uint32_t n = MIN(count, (uint32_t)CHUNK), kept = 0;

        if (copy_from_guest(buf, text, n) < 0)
            return -XEN_EFAULT;
        for (uint32_t i = 0; i < n; i++)
            if (buf[i] == '\n' || buf[i] == '\t' || ((uint8_t)buf[i] >= ' ' && buf[i] != 0x7f))
                buf[kept++] = buf[i];
        log_write(buf, kept);
        text += n;
        count -= n;
    }
    return 0;
}

int64_t hc_console_io(struct vcpu *v, const uint64_t *a)
{
    if (!verbose)
        return -XEN_EPERM;
    switch ((uint32_t)a[0]) {
    case CONSOLEIO_write:
        return write_text(a[2], (uint32_t)a[1]);
    case CONSOLEIO_read:
        return 0; /* nobody types there */
    default:
        return -XEN_ENOSYS;
    }
}
