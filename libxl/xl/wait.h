/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for domains to end: make the waiter, add domains, ask for what ends them, run it. */
#pragma once

#include "xl.h"

/* Told once for each domain that is gone. */
typedef void (*XlGoneFunc)(Xl *xl, int domid, KxlShutdownReason reason, gpointer data);

typedef struct XlWaiter XlWaiter;
XlWaiter *xl_waiter_new(Xl *xl, XlGoneFunc gone, gpointer data); /* NULL: said why */
void xl_waiter_add(XlWaiter *waiter, int domid);
void xl_waiter_run(XlWaiter *waiter); /* returns when all that were added are gone */
void xl_waiter_free(XlWaiter *waiter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XlWaiter, xl_waiter_free)
