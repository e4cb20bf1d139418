/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Linux's input code to the number QEMU's send-key takes: a scan code of set 1, with bit 7 for the
 * prefix e0. -1: none. */
int kxl_key_from_linux(guint key);
