/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/extable.h"

struct ex_entry {
    uint64_t from, to;
};

extern const struct ex_entry hv_ex_table_start[], hv_ex_table_end[];

/* A handful of entries: not worth sorting. */
uint64_t extable_find(uint64_t rip)
{
    for (const struct ex_entry *e = hv_ex_table_start; e < hv_ex_table_end; e++)
        if (e->from == rip)
            return e->to;
    return 0;
}
