/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XenStore over its ring: reading one's own nodes, writing, transactions, errors. */
#include "guest.h"
#include <xen/io/xs_wire.h>

static int call(unsigned int type, const char *body, unsigned int len, char *ret)
{
    return xenbus_call(type, body, len, ret, 256);
}

void test_main(void)
{
    static const char write[] = "data/probe\0one";
    char ret[256];

    check(xenbus_read("domid", ret, sizeof(ret)) > 0);
    note("domid %s", ret);
    check(xenbus_read("name", ret, sizeof(ret)) > 0);
    check_eq(call(XS_WRITE, write, sizeof(write) - 1, ret), 3);
    check_eq(xenbus_read("data/probe", ret, sizeof(ret)), 3);
    check(strcmp(ret, "one") == 0);
    check(call(XS_DIRECTORY, "data", 5, ret) > 0);
    check_eq(call(XS_RM, "data/probe", 11, ret), 3);
    check_eq(xenbus_read("data/probe", ret, sizeof(ret)), -1);
    check(strcmp(ret, "ENOENT") == 0);
    check_eq(call(XS_WRITE, "/vm/x\0y", 7, ret), -1);
    check(strcmp(ret, "EACCES") == 0);
    check_eq(call(XS_READ, "bad path!", 10, ret), -1);
    check(strcmp(ret, "EINVAL") == 0);
    check_eq(call(99, "", 1, ret), -1);
    check(strcmp(ret, "ENOSYS") == 0);
}
