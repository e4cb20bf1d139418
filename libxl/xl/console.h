/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A terminal on a domain's console. */
#pragma once

#include "xl.h"

/* Opens the pty; from now on nothing the guest writes is lost. kind NULL: serial for HVM, pv for
 * others. -1 after a message. */
int xl_console_open(Xl *xl, int domid, const char *kind, guint num);
/* Joins it to standard input and output until the guest's side ends or Ctrl-] is typed. Closes
 * fd. */
int xl_console_run(Xl *xl, int fd);
